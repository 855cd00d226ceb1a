import Exchange
import NIOCore
import NIOHPACK
import NIOHTTP2
import Wire

/// One stream of a connection to an HTTP/2 backend: carries one attempt of a call. Used again for later ones.
final class UpstreamHTTP2Stream: BackendStream {
    /// Over so many bytes that the backend has not taken, the client has to wait.
    private static let mostUnsent = 65_536
    private static let fewUnsent = 32_768
    /// A frame that every backend takes (RFC 9113, 4.2). NIO does not spread fields over several.
    private static let largestFrame = 16_384
    private static let surelyFits = 4_096
    private static let mostInterimResponses = 16

    private let connection: UpstreamHTTP2Connection
    private(set) var id = HTTP2StreamID.rootStream
    private(set) var openedAt: UInt64 = 0
    private var call: ProxyCall?

    // The request
    private var isRequestEnded = false
    /// The last part of the body, until it is known whether it is the last one.
    private var held: ByteBuffer?
    /// Bytes that NIO's handler has and that have not left: the backend's window, or the socket, is full.
    private var queued = 0
    private var isFull = false
    private var isBroken = false
    /// Whether the connection is going to call `settle`.
    var isUnsettled = false

    // The answer
    private var isHEAD = false
    private var framing: BodyFraming?
    private var interimResponses = 0
    private var received = 0
    private var isReading = true
    /// Bytes that the backend may still send before it is allowed more; `nil` while that is the initial window.
    private var window: Int?

    init(connection: UpstreamHTTP2Connection) { self.connection = connection }

    var endpoint: Endpoint { connection.endpoint }
    var client: (any ClientStream)? { call?.client }

    // MARK: For the call

    func begin(_ call: ProxyCall, _ exchange: Exchange, plan: ProxyPlan) {
        self.call = call
        reset()
        isHEAD = exchange.request.isHEAD && plan.method == nil
        guard connection.isUsable else { return fail(.reset) }
        let worker = connection.worker
        worker.requestScratch.clear()
        worker.requestScratch.writeHead { out in
            ForwardedRequest.write(exchange, plan: plan, endpoint: endpoint, opensWebSocket: false, to: &out)
        }
        let head = worker.requestScratch
        var fields = HPACKHeaders(forwarding: head, scheme: connection.scheme, names: worker.fieldNames)
        // It belongs to one connection, but gRPC servers ask every client for it (RFC 9113, 8.2.2).
        if exchange.request.takesTrailers { fields.add(name: "te", value: "trailers") }
        guard head.readableBytes <= Self.surelyFits || fields.mostEncodedBytes < Self.largestFrame else {
            return fail(.headTooLarge)
        }
        let framing = exchange.request.framing
        isRequestEnded = framing == .none || framing == .length(0)
        openedAt = worker.now
        id = connection.open(self, fields, endsStream: isRequestEnded)
    }

    private func reset() {
        id = .rootStream
        isRequestEnded = false
        held = nil
        queued = 0
        isFull = false
        isBroken = false
        framing = nil
        interimResponses = 0
        received = 0
        isReading = true
        window = nil
    }

    func sendBody(_ part: ByteBuffer) {
        sendHeld()
        held = part
        if !isWritable { isFull = true }
    }

    func sendEnd(trailers: ByteBuffer?) {
        guard !isRequestEnded else { return }
        if let trailers {
            sendHeld()
            isRequestEnded = true
            let fields = HPACKHeaders(trailers: trailers, names: connection.worker.fieldNames)
            connection.write(.headers(.init(headers: fields, endStream: true)), on: id)
        } else {
            isRequestEnded = true
            let last = held ?? ByteBuffer()
            held = nil
            send(last)
        }
    }

    func flush() {
        sendHeld()
        connection.flushLater()
    }

    private func sendHeld() {
        guard let part = held else { return }
        held = nil
        send(part)
    }

    private func send(_ part: ByteBuffer) {
        queued += part.readableBytes
        connection.write(.data(.init(data: .byteBuffer(part), endStream: isRequestEnded)), on: id)
    }

    var isWritable: Bool { queued + (held?.readableBytes ?? 0) < Self.mostUnsent }

    func setReading(_ isReading: Bool) {
        self.isReading = isReading
        updateWindow()
    }

    func close() {
        guard call != nil else { return }
        call = nil
        connection.end(self, reset: .cancel)
    }

    func release(now: UInt64) {
        // What the backend has not taken of the request, it does not want (RFC 9113, 8.1).
        let isSent = isRequestEnded && queued == 0 || id == .rootStream
        connection.end(self, reset: isSent ? nil : .cancel)
    }

    // MARK: What has left

    /// Bytes of the body have left NIO's handler for the socket.
    func wrote(_ count: Int) {
        queued -= count
        if isFull { connection.settleLater(self) }
    }

    /// NIO's handler has reset the stream, since the backend broke the rules on it.
    func wasBroken() {
        isBroken = true
        connection.settleLater(self)
    }

    /// Does what follows from what has left.
    func settle() {
        guard let call else { return }
        if isBroken {
            self.call = nil
            connection.end(self, reset: nil)
            call.malformed(.badStatusLine)
        } else if isFull, queued + (held?.readableBytes ?? 0) < Self.fewUnsent {
            isFull = false
            call.backendBecameWritable()
        }
    }

    // MARK: The response

    func receive(_ fields: HPACKHeaders, isLast: Bool) {
        guard let call else { return }
        do throws(WireFault) {
            if framing == nil {
                try takeHead(fields, isLast: isLast, for: call)
            } else {
                guard isLast else { throw .badPseudoField }
                let section = try connection.parser.parseTrailers(fields)
                try end(call, trailers: try connection.trailers.filter(section))
            }
        } catch {
            malformed(error)
        }
    }

    func receive(_ part: ByteBuffer, isLast: Bool) {
        guard let call else { return }
        do throws(WireFault) {
            received += part.readableBytes
            switch framing {
            case nil: throw .badStatusLine
            case Optional.none where received > 0: throw .wrongContentLength
            case .length(let length) where received > length: throw .wrongContentLength
            default: break
            }
            if part.readableBytes > 0 { call.receiveResponseBody(part, now: connection.worker.now) }
            if isLast, self.call === call { try end(call, trailers: nil) }
        } catch {
            malformed(error)
        }
    }

    private func takeHead(_ fields: HPACKHeaders, isLast: Bool, for call: ProxyCall) throws(WireFault) {
        var head = ResponseHead()
        swap(&head, &connection.head)
        defer { swap(&head, &connection.head) }
        try connection.parser.parse(fields, endsStream: isLast, toHEAD: isHEAD, into: &head)
        if head.status < 200 {
            interimResponses += 1
            guard head.status != 101, !isLast, interimResponses <= Self.mostInterimResponses else {
                throw .badStatusLine
            }
            if head.status != 100 { call.receiveInterim(head) }
            return
        }
        framing = head.framing
        guard call.receive(head, reused: false, now: connection.worker.now), self.call === call else { return }
        if isLast { try end(call, trailers: nil) }
    }

    private func end(_ call: ProxyCall, trailers: ByteBuffer?) throws(WireFault) {
        if case .length(let length) = framing, received < length, !isHEAD { throw .wrongContentLength }
        self.call = nil
        call.receiveEnd(trailers: trailers, from: self, now: connection.worker.now)
    }

    // MARK: Failures

    /// The backend has reset the stream, or left it behind when it said that it will leave.
    func wasReset(_ code: HTTP2ErrorCode) {
        guard let call else { return }
        self.call = nil
        connection.end(self, reset: nil)
        if code == .refusedStream, framing == nil { call.wasRefused() } else { call.connectionBroke() }
    }

    func connectionBroke() {
        guard let call else { return }
        self.call = nil
        connection.end(self, reset: nil)
        call.connectionBroke()
    }

    private func malformed(_ fault: WireFault) {
        guard let call else { return }
        self.call = nil
        connection.end(self, reset: .protocolError)
        call.malformed(fault)
    }

    /// The request can't be sent on this stream.
    private func fail(_ failure: BackendFailure) {
        guard let call else { return }
        self.call = nil
        connection.end(self, reset: nil)
        call.failed(failure)
    }

    // MARK: The response's window

    func windowChanged(to size: Int) {
        window = size
        updateWindow()
    }

    func windowChanged(by delta: Int) {
        if let window { self.window = window + delta }
    }

    /// Lets the backend send more once half of the window is used up, unless the client has to catch up.
    private func updateWindow() {
        guard isReading, let window, call != nil else { return }
        let increment = UpstreamHTTP2Settings.streamWindow - window
        guard increment >= UpstreamHTTP2Settings.streamWindow / 2 else { return }
        connection.write(.windowUpdate(windowSizeIncrement: increment), on: id)
        connection.flushLater()
    }
}
