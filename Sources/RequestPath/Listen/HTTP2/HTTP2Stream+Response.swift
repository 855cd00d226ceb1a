import Exchange
import NIOCore
import NIOHPACK
import NIOHTTP2
import Wire

/// Writing: what a call answers becomes frames, the head and the body's last part held back until it is known whether they are the
/// last ones.
extension HTTP2Stream: ClientStream {
    /// Over so many bytes that the client has not taken, its backend has to wait.
    private static let mostUnsent = 65_536
    private static let fewUnsent = 32_768
    private static let copiedAtMost = 1_024
    private static let joinedAtMost = 16_384
    /// A frame that every client takes (RFC 9113, 4.2). NIO does not spread fields over several.
    private static let largestFrame = 16_384
    private static let surelyFits = 4_096

    // MARK: A backend's response

    func sendInformational(_ head: borrowing ResponseHead) {
        guard exchange != nil, !hasResponseStarted, let connection else { return }
        let fields = HPACKHeaders(
            status: head.status,
            head.section,
            of: head.bytes,
            dropping: .hopByHop,
            roomFor: 0
        )
        guard fits(fields, bytes: head.section.fields.last?.lineEnd ?? 0) else { return }
        connection.write(.headers(.init(headers: fields)), on: id)
        connection.flushLater()
    }

    func sendContinue() {
        connection?.write(.headers(.init(headers: [":status": "100"])), on: id)
        connection?.flushLater()
    }

    func send(_ head: borrowing ResponseHead) {
        guard let exchange, let connection else { return }
        if declinesWebSocket(head.status) { return refuse(Self.declined) }
        let opensTunnel = head.status == 101
        let status = opensTunnel ? 200 : head.status
        let entrance = connection.arrival.entrance
        let dropped = head.fieldsNotPassedOn(toHEAD: exchange.request.isHEAD, through: entrance)
        var fields: HPACKHeaders
        if let added = exchange.responseFields {
            let section = added.without(replacedIn: head.section, of: head.bytes)
            fields = HPACKHeaders(status: status, section, of: head.bytes, dropping: dropped, roomFor: 5)
        } else {
            fields = HPACKHeaders(status: status, head.section, of: head.bytes, dropping: dropped, roomFor: 2)
        }
        guard fits(fields, bytes: head.section.fields.last?.lineEnd ?? 0) else {
            refuse(Refusal(status: 502, cause: "backend.head-too-large-for-http2"))
            return
        }
        fields.addOwn(of: exchange, connection)
        start(exchange, status: head.status)
        if opensTunnel { fields.remove(name: "sec-websocket-accept") }
        heldHead = fields
        if opensTunnel { openTunnel(exchange) }
    }

    /// Lets bytes through in both directions from here on (RFC 8441, 5): the client is sent 200 for the backend's 101.
    private func openTunnel(_ exchange: Exchange) {
        isTunnel = true
        if isRequestOver { exchange.integration?.receiveEnd(trailers: nil) }
        if connection?.server.isDraining == true { exchange.integration?.drain() }
    }

    /// Any 2xx would tell the client that its WebSocket connection is open.
    private func declinesWebSocket(_ status: Int) -> Bool {
        guard (200..<300).contains(status), let exchange else { return false }
        // No client can send this field over HTTP/2: it stands for an extended CONNECT.
        return exchange.request.section.names.has(.upgrade)
    }

    private static let declined = Refusal(status: 502, cause: "websocket.declined")

    func sendBody(_ part: ByteBuffer) {
        // A backend that was asked with another method than HEAD answers with a body.
        guard let exchange, !exchange.request.isHEAD else { return }
        exchange.record.responseBytes += part.readableBytes
        pushHead()
        let part = part.readableBytes <= Self.copiedAtMost ? Self.copy(part) : part
        guard var held = heldBody else {
            heldBody = part
            return
        }
        heldBody = nil
        if queued > 0, held.readableBytes + part.readableBytes <= Self.joinedAtMost {
            // While the client does not read, small parts must not each keep the large buffer that they came in.
            held.writeImmutableBuffer(part)
            heldBody = held
        } else {
            push(held, isLast: false)
            heldBody = part
        }
    }

    func sendEnd(trailers: ByteBuffer?) {
        guard exchange != nil, let connection else { return }
        if let trailers {
            pushHead()
            pushBody()
            let fields = HPACKHeaders(trailers: trailers, names: worker.fieldNames)
            guard fits(fields, bytes: trailers.readableBytes) else { return abort("backend.head-too-large-for-http2") }
            connection.write(.headers(.init(headers: fields, endStream: true)), on: id)
        } else if let head = heldHead {
            heldHead = nil
            connection.write(.headers(.init(headers: head, endStream: true)), on: id)
        } else {
            let last = heldBody ?? ByteBuffer()
            heldBody = nil
            push(last, isLast: true)
        }
        finish(connection)
    }

    // MARK: The gateway's own answers

    func send(_ reply: Reply) {
        guard let exchange, let connection else { return }
        if declinesWebSocket(reply.status) { return exchange.refuse(Self.declined) }
        start(exchange, status: reply.status)
        if let refusal = reply.refusal, GRPCRefusal.isExpected(by: exchange.request) {
            var fields = GRPCRefusal.fields(for: refusal)
            fields.addOwn(of: exchange, connection)
            connection.write(.headers(.init(headers: fields, endStream: true)), on: id)
            finish(connection)
            return
        }
        let mayHaveBody = reply.status != 204 && reply.status != 304
        let body = mayHaveBody && !exchange.request.isHEAD ? reply.body : ByteBuffer()
        var fields = HPACKHeaders()
        fields.reserveCapacity(reply.fields.count + 5)
        fields.add(name: ":status", value: StatusText.of(reply.status))
        fields.add(name: "date", value: connection.server.date.currentText())
        for field in reply.fields { fields.add(name: field.name.lowercased(), value: field.value) }
        if mayHaveBody {
            fields.add(name: "content-length", value: "\(reply.body.readableBytes)", indexing: .nonIndexable)
        }
        fields.addOwn(of: exchange, connection)
        exchange.record.responseBytes += body.readableBytes
        connection.write(.headers(.init(headers: fields, endStream: body.readableBytes == 0)), on: id)
        if body.readableBytes > 0 { push(body, isLast: true) }
        finish(connection)
    }

    // MARK: Ends

    func abort(_ cause: Cause) { close(cause, .internalError) }

    func flush() {
        guard let connection else { return }
        pushHead()
        if queued == 0 { pushBody() }
        connection.flushLater()
        connection.settleLater(self)
    }

    private func finish(_ connection: HTTP2Connection) {
        exchange?.integration = nil
        endCall(cause: nil)
        connection.flushLater()
        connection.settleLater(self)
    }

    // MARK: What has left

    /// A frame has left NIO's handler for the socket.
    func wrote(_ count: Int, isLast: Bool) {
        queued -= count
        if isLast { hasResponseLeft = true }
        connection?.settleLater(self)
    }

    func didReset(_ code: HTTP2ErrorCode) {
        isBroken = true
        connection?.settleLater(self)
    }

    /// Does what follows from what has left. Called after a flush.
    /// - Returns: whether there is something to flush.
    func settle() -> Bool {
        guard let connection else { return false }
        if isBroken {
            endCall(cause: "client.protocol-error")
            connection.remove(self)
            return false
        }
        if hasResponseLeft {
            let isRequestUnread = !isLastReceived
            let id = self.id
            endCall(cause: nil)
            connection.remove(self)
            // The client need not send the rest (RFC 9113, 8.1).
            if isRequestUnread { connection.reset(id, .noError) }
            return isRequestUnread
        }
        var hasWritten = false
        if queued == 0, heldBody != nil {
            pushBody()
            hasWritten = true
        }
        tellWritability()
        if !isTunnel { watchReader(connection) }
        return hasWritten
    }

    /// Begins or ends to look at how fast the client takes what it gets.
    private func watchReader(_ connection: HTTP2Connection) {
        let isSlow = queued > 0
        guard isSlow != isReaderWatched else { return }
        isReaderWatched = isSlow
        if isSlow {
            setDeadline(at: worker.now &+ connection.server.settings.rates.grace)
        } else {
            responsePace.reset()
            clearDeadline()
        }
    }

    /// The client has been slow to take what was sent. It is given up when it is too slow.
    func checkReader(_ connection: HTTP2Connection) {
        // While the socket is full, nothing leaves for any stream: the connection sees to it.
        guard connection.isWritable else {
            setDeadline(at: worker.now &+ connection.server.settings.rates.grace)
            return
        }
        let verdict = responsePace.check(
            taken: sent - queued,
            at: worker.now,
            pace: connection.server.settings.rates.response,
            idle: connection.server.settings.bodyIdleTimeout
        )
        switch verdict {
        case .wait(let time): setDeadline(at: time)
        case .slow: close("client.write-slow", .cancel)
        case .stalled: close("client.write-timeout", .cancel)
        }
    }

    private func tellWritability() {
        let unsent = queued + (heldBody?.readableBytes ?? 0)
        if isClientWritable, unsent > Self.mostUnsent {
            isClientWritable = false
            exchange?.integration?.setClientWritable(false)
        } else if !isClientWritable, unsent < Self.fewUnsent {
            isClientWritable = true
            exchange?.integration?.setClientWritable(true)
        }
    }

    // MARK: Pieces

    /// In memory of its own. Until all answers at hand leave together, a small part would keep the large buffer that it was read into.
    private static func copy(_ part: ByteBuffer) -> ByteBuffer {
        var copy = ByteBufferAllocator().buffer(capacity: part.readableBytes)
        copy.writeImmutableBuffer(part)
        return copy
    }

    private func start(_ exchange: Exchange, status: Int) {
        hasResponseStarted = true
        exchange.record.status = status
        // The request's body, if it is still waited for, may take its time from here on.
        clearDeadline()
    }

    private func pushHead() {
        guard let head = heldHead else { return }
        heldHead = nil
        connection?.write(.headers(.init(headers: head)), on: id)
    }

    private func pushBody() {
        guard let body = heldBody else { return }
        heldBody = nil
        push(body, isLast: false)
    }

    private func push(_ body: ByteBuffer, isLast: Bool) {
        queued += body.readableBytes
        sent += body.readableBytes
        connection?.write(.data(.init(data: .byteBuffer(body), endStream: isLast)), on: id)
    }

    /// Whether one frame holds fields that take so many bytes in HTTP/1.1.
    private func fits(_ fields: HPACKHeaders, bytes: Int) -> Bool {
        guard bytes > Self.surelyFits else { return true }
        return fields.mostEncodedBytes < Self.largestFrame - 64
    }
}

extension HPACKHeaders {
    /// Adds what every answer has.
    fileprivate mutating func addOwn(of exchange: Exchange, _ connection: HTTP2Connection) {
        var text = ""
        exchange.requestID.withText { bytes in
            unsafe bytes.withUnsafeBytes { text = unsafe String(decoding: $0, as: UTF8.self) }
        }
        add(name: "x-request-id", value: text, indexing: .nonIndexable)
        if let limits = exchange.limits {
            add(name: "ratelimit-policy", value: String(buffer: limits.policyField))
            add(name: "ratelimit", value: String(buffer: limits.standingField), indexing: .nonIndexable)
        }
        if let added = exchange.responseFields {
            for field in added.fields { add(name: field.name, value: field.value) }
        }
        if let value = connection.arrival.entrance?.strictTransportValue {
            add(name: "strict-transport-security", value: value)
        }
    }
}
