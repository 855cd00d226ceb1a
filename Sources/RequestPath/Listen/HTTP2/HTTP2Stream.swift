import Exchange
import Model
import NIOCore
import NIOHPACK
import NIOHTTP2
import Wire

/// One stream of an HTTP/2 connection: a call, and what its client's side needs to know of it. Used again for later streams.
///
/// This file begins and ends the call and reads its body, `HTTP2Stream+Response.swift` writes its answer. The call is over when
/// the answer was handed over; the stream lasts until the answer has left, too.
final class HTTP2Stream: Expiring {
    let worker: WorkerContext
    private(set) var connection: HTTP2Connection?
    private(set) var id = HTTP2StreamID.rootStream
    var exchange: Exchange?
    private var deadline: Deadlines.Slot?

    // The request
    /// Whether the head has come, and the call has yet to begin.
    private var isComing = false
    /// Whether the integration was given the end of the body.
    private(set) var isRequestOver = false
    /// Whether the client has sent its last frame.
    private(set) var isLastReceived = false
    private var isBodyWanted = false
    private var isAdvancing = false
    private var hasUnflushedBody = false
    /// What was received and is not wanted yet, at most the stream's window of it.
    private var waiting: ByteBuffer?
    private var trailers: ByteBuffer?
    private var received = 0
    private var pace = RequestPace()
    /// Bytes that the client may still send before it is allowed more; `nil` while that is the initial window.
    private var window: Int?

    // The answer
    var hasResponseStarted = false
    var heldHead: HPACKHeaders?
    var heldBody: ByteBuffer?
    /// Bytes that NIO's handler has and that have not left: the client's window, or the socket, is full.
    var queued = 0
    /// Body bytes that NIO's handler was given.
    var sent = 0
    var responsePace = ResponsePace()
    var isReaderWatched = false
    /// Whether the answer's last frame has left.
    var hasResponseLeft = false
    var isClientWritable = true
    /// Whether the call became a WebSocket connection.
    var isTunnel = false
    /// Whether NIO's handler has reset the stream.
    var isBroken = false
    /// Whether the connection is going to call `settle`.
    var isUnsettled = false

    init(worker: WorkerContext) { self.worker = worker }

    func start(_ id: HTTP2StreamID, of connection: HTTP2Connection) -> HTTP2Stream {
        self.id = id
        self.connection = connection
        return self
    }

    /// Makes the object ready for another stream.
    func reset() {
        if let deadline { worker.deadlines.remove(deadline) }
        deadline = nil
        connection = nil
        exchange = nil
        isComing = false
        isRequestOver = false
        isLastReceived = false
        isBodyWanted = false
        hasUnflushedBody = false
        waiting = nil
        trailers = nil
        received = 0
        pace = RequestPace()
        window = nil
        hasResponseStarted = false
        heldHead = nil
        heldBody = nil
        queued = 0
        sent = 0
        responsePace.reset()
        isReaderWatched = false
        hasResponseLeft = false
        isClientWritable = true
        isTunnel = false
        isBroken = false
        isUnsettled = false
    }

    // MARK: The call

    func begin(_ fields: HPACKHeaders, isLast: Bool) {
        guard let connection else { return }
        let server = connection.server
        let exchange = server.makeExchange(for: self, connection.arrival)
        self.exchange = exchange
        isLastReceived = isLast
        do throws(WireFault) {
            try server.settings.parser.parse(
                fields,
                endsStream: isLast,
                webSocketKey: WebSocketHandshake.makeKey(using: &worker.random),
                into: &exchange.request
            )
            isRequestOver = isLast
            if case .length(let length) = exchange.request.framing, length > server.settings.bodyBytes {
                throw .bodyTooLarge
            }
        } catch {
            exchange.request.reset()
            exchange.request.version = .http2
            refuse(error)
            return
        }
        isComing = true
        connection.beginLater(self)
    }

    /// Begins the call of a request whose head has come, unless the client has reset it in the same breath: to begin it would cost
    /// the gateway and a backend more than it cost the client.
    func beginCall() {
        guard isComing, let exchange, let connection else { return }
        isComing = false
        ForwardedClient.identify(exchange, trusted: connection.server.settings)
        connection.server.begin(exchange, through: connection.arrival.entrance)
    }

    /// Ends the call in flight, if there is one, without writing anything.
    func endCall(cause: Cause?) {
        guard let exchange, let connection else { return }
        self.exchange = nil
        connection.server.end(exchange, cause: cause, at: worker.now)
    }

    /// The client gave the stream up.
    func wasReset(_ code: HTTP2ErrorCode) {
        endCall(cause: "client.closed")
        connection?.remove(self)
    }

    /// Gives the stream up.
    func close(_ cause: Cause, _ code: HTTP2ErrorCode) {
        guard let connection else { return }
        endCall(cause: cause)
        connection.streams.remove(id)
        connection.reset(id, code)
        connection.remove(self)
        connection.flushLater()
    }

    /// Answers a request that can't be understood, or resets its stream when it is malformed (RFC 9113, 8.1.1).
    func refuse(_ fault: WireFault) {
        let cause = Cause("wire.\(fault.rawValue)")
        guard fault.isMalformedStream else {
            refuse(Refusal(status: fault.status, cause: cause, message: fault.explanation))
            return
        }
        if !hasResponseStarted { exchange?.record.status = fault.status }
        let connection = self.connection
        close(cause, .protocolError)
        connection?.countFault()
    }

    /// Answers with an error on the stream's own account, in place of what was in flight.
    func refuse(_ refusal: Refusal) {
        guard let exchange else { return }
        if hasResponseStarted { return abort(refusal.cause) }
        exchange.integration?.cancel()
        exchange.integration = nil
        exchange.refuse(refusal)
    }

    // MARK: The clock

    func setDeadline(at time: UInt64) {
        let slot = deadline ?? worker.deadlines.add(self)
        deadline = slot
        worker.deadlines.set(slot, at: time)
    }

    func clearDeadline() {
        if let deadline { worker.deadlines.clear(deadline) }
    }

    func deadlinePassed() {
        guard let connection else { return }
        if isReaderWatched { return checkReader(connection) }
        let slowAt = pace.deadline(connection.server.settings.rates.request, bytes: received)
        refuse(Refusal(status: 408, cause: slowAt <= worker.now ? "client.body-slow" : "client.body-timeout"))
    }

    /// The body has to go on within a while, and not at a crawl. Once there is an answer, the two sides may talk at their leisure.
    private func waitForBody() {
        guard !isReaderWatched, let settings = connection?.server.settings else { return }
        guard isBodyWanted, !isRequestOver, !hasResponseStarted else { return clearDeadline() }
        let slowAt = pace.deadline(settings.rates.request, bytes: received)
        setDeadline(at: min(worker.now &+ settings.bodyIdleTimeout, slowAt))
    }

    // MARK: The request's body

    func receive(_ part: ByteBuffer, isLast: Bool) {
        guard !isLastReceived, let connection else { return }
        received += part.readableBytes
        isLastReceived = isLast
        guard let exchange else { return }
        if case .length(let length) = exchange.request.framing, received > length || isLast && received < length {
            refuse(.wrongContentLength)
            return
        }
        guard isTunnel || received <= connection.server.settings.bodyBytes else {
            refuse(.bodyTooLarge)
            return
        }
        if part.readableBytes > 0 {
            if isBodyWanted, waiting == nil, !isAdvancing {
                pass(part)
            } else {
                keep(part)
            }
        }
        advance()
    }

    func receiveTrailers(_ fields: HPACKHeaders, isLast: Bool) {
        guard let connection else { return }
        guard isLast, !isLastReceived else { return refuse(.badPseudoField) }
        guard let exchange else {
            isLastReceived = true
            return
        }
        do throws(WireFault) {
            let section = try connection.server.settings.parser.parseTrailers(fields)
            trailers = try connection.server.settings.trailers.filter(section)
            if case .length(let length) = exchange.request.framing, received < length { throw .wrongContentLength }
        } catch {
            isLastReceived = true
            refuse(error)
            return
        }
        isLastReceived = true
        advance()
    }

    /// Goes on as far as the integration takes the body.
    private func advance() {
        guard !isAdvancing, !isRequestOver, exchange?.integration != nil else { return }
        if isBodyWanted, let part = waiting {
            waiting = nil
            pass(part)
        } else if isBodyWanted, isLastReceived {
            endBody()
        }
        updateWindow()
    }

    private func pass(_ part: ByteBuffer) {
        guard let exchange, let integration = exchange.integration else { return }
        isAdvancing = true
        exchange.record.requestBytes += part.readableBytes
        let wantsMore = integration.receiveBody(part)
        isAdvancing = false
        // A backend that has gone, or the last frame of a tunnel, ends the call at once, and this object may serve another.
        guard self.exchange === exchange else { return }
        isBodyWanted = wantsMore
        if !isBodyWanted { pace.pause(at: worker.now) }
        if !hasUnflushedBody {
            hasUnflushedBody = true
            connection?.flushRequestLater(self)
        }
        if isLastReceived, waiting == nil { endBody() } else { waitForBody() }
    }

    private func endBody() {
        guard !isRequestOver, let integration = exchange?.integration else { return }
        isRequestOver = true
        if !isReaderWatched { clearDeadline() }
        integration.receiveEnd(trailers: trailers)
    }

    /// Kept in memory of its own: a part may be one byte of a buffer of many.
    private func keep(_ part: ByteBuffer) {
        var kept = waiting ?? ByteBuffer()
        waiting = nil
        kept.writeImmutableBuffer(part)
        waiting = kept
    }

    func flushRequest() {
        hasUnflushedBody = false
        exchange?.integration?.flush()
    }

    func resumeRequestBody() {
        guard let exchange, !isRequestOver else { return }
        if exchange.request.expectsContinue {
            exchange.request.expectsContinue = false
            if received == 0, !isLastReceived { sendContinue() }
        }
        if !isBodyWanted { pace.resume(at: worker.now) }
        isBodyWanted = true
        waitForBody()
        advance()
    }

    // MARK: The request's window

    func windowChanged(to size: Int) {
        window = size
        updateWindow()
    }

    func windowChanged(by delta: Int) {
        if let window { self.window = window + delta }
    }

    /// Lets the client send as much as was taken, once that is half of the window.
    private func updateWindow() {
        guard let window, let connection, !isLastReceived, exchange != nil else { return }
        let whole = connection.settings.limits.windowBytes
        let increment = whole - (waiting?.readableBytes ?? 0) - window
        guard increment >= whole / 2, increment > 0 else { return }
        connection.write(.windowUpdate(windowSizeIncrement: increment), on: id)
        connection.flushLater()
    }
}
