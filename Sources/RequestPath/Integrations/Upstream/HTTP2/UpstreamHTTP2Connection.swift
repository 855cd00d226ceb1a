import Exchange
import NIOCore
import NIOHPACK
import NIOHTTP2
import Wire

/// A connection to a backend that speaks HTTP/2: carries the requests of many calls at once, each as a stream.
///
/// It stands right behind NIO's handler, without channels for the streams, which would cost more than all the rest. What streams
/// write is flushed once for all that the loop has at hand. Which of it has left tells `wroteFrame`, in the middle of NIO's
/// work; so it only takes notes, and `settle` does what follows from them.
final class UpstreamHTTP2Connection: ChannelInboundHandler, NIOHTTP2FrameDelegate, HeldBack, Expiring {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private enum Phase {
        case open
        /// It gets no further streams; those that it has go on.
        case leaving
        case closed
    }

    /// What a backend takes that says nothing about it, as NIO assumes it, too.
    private static let assumedStreams = 100
    /// The window that every connection begins with (RFC 9113, 6.9.2).
    private static let protocolWindow = 65_535
    /// How long a backend may take to answer a PING.
    private static let pingPatience: UInt64 = 5_000_000_000
    /// A stream that is given up after so long a silence makes the connection prove that it lives.
    private static let suspiciousSilence: UInt64 = 1_000_000_000
    private static let keptStreams = 64

    let endpoint: Endpoint
    let worker: WorkerContext
    let parser: ResponseParser
    let trailers: TrailerFilter
    /// `http` or `https`.
    let scheme: String
    private var context: ChannelHandlerContext?
    private var phase = Phase.open
    /// Whether the endpoint's pool knows it.
    private var isPooled = false
    private var deadline: Deadlines.Slot?
    private var streams: [HTTP2StreamID: UpstreamHTTP2Stream] = [:]
    /// For the next calls. Each of them refers to the connection, so there are none once it is closed.
    private var unused: [UpstreamHTTP2Stream] = []
    /// Streams that were lent and have not been given back, open or not.
    private var lent = 0
    private var nextID = 1
    private var peerLimit = assumedStreams
    private var lastReceived: UInt64
    private var pingSentAt: UInt64?
    /// Whether NIO's handler is going to flush when all that was read is done with.
    private var isReading = false
    private var isFlushScheduled = false
    private var unsettled: [UpstreamHTTP2Stream] = []
    private var isSettling = false
    /// Clients to whom something was passed on from what was read.
    private var unflushed: [any ClientStream] = []
    private var hasFailed = false
    /// The head at hand; it keeps its memory from one response to the next.
    var head = ResponseHead()

    init(endpoint: Endpoint, parser: ResponseParser, worker: WorkerContext, isSecure: Bool) {
        self.endpoint = endpoint
        self.parser = parser
        self.worker = worker
        scheme = isSecure ? "https" : "http"
        trailers = TrailerFilter(names: worker.fieldNames)
        lastReceived = worker.now
    }

    var isOpen: Bool { phase == .open }
    /// Whether streams can still be opened.
    var isUsable: Bool { phase != .closed }
    /// How many streams the backend takes at once.
    var limit: Int { peerLimit }

    // MARK: For the endpoint

    /// The pool lends its streams from now on.
    func joinPool() { isPooled = true }

    /// A stream for one call, which is counted until it is released or closed.
    func lend() -> UpstreamHTTP2Stream {
        lent += 1
        if lent == 1 { stopResting() }
        return unused.popLast() ?? UpstreamHTTP2Stream(connection: self)
    }

    /// Waits for calls, when it has none, but not longer than connections may.
    func rest() {
        if lent == 0, pingSentAt == nil { setDeadline(worker.now &+ endpoint.idleTimeout) }
    }

    /// Ends once its streams have ended.
    func leave() {
        guard phase == .open else { return }
        phase = .leaving
        if lent == 0 { close() }
    }

    private func stopResting() {
        if pingSentAt == nil { setDeadline(worker.now &+ endpoint.pingInterval) }
    }

    // MARK: For the streams

    /// Opens a stream with the head of its request.
    func open(_ stream: UpstreamHTTP2Stream, _ fields: HPACKHeaders, endsStream: Bool) -> HTTP2StreamID {
        let id = HTTP2StreamID(nextID)
        nextID += 2
        streams[id] = stream
        write(.headers(.init(headers: fields, endStream: endsStream)), on: id)
        if nextID > Int(Int32.max) - 2, phase == .open {
            endpoint.left(self)
            phase = .leaving
        }
        return id
    }

    func write(_ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID) {
        context?.write(Self.wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
    }

    /// A stream has ended, or is given up with a code.
    func end(_ stream: UpstreamHTTP2Stream, reset code: HTTP2ErrorCode?) {
        if streams.removeValue(forKey: stream.id) != nil, let code, phase != .closed {
            write(.rstStream(code), on: stream.id)
            flushLater()
        }
        if code == .cancel { doubt(since: stream.openedAt) }
        lent -= 1
        if phase != .closed, unused.count < Self.keptStreams { unused.append(stream) }
        endpoint.streamEnded(self)
        if phase == .leaving, lent == 0 { close() }
    }

    /// Flushes once the loop has looked at all that is at hand, so that the requests of many streams leave together.
    func flushLater() {
        guard !isFlushScheduled, !isReading else { return }
        isFlushScheduled = true
        worker.flushes.add(self)
    }

    func flushNow() {
        isFlushScheduled = false
        guard phase != .closed else { return }
        context?.flush()
        settle()
    }

    /// Has a stream looked at by `settle`.
    func settleLater(_ stream: UpstreamHTTP2Stream) {
        guard !stream.isUnsettled else { return }
        stream.isUnsettled = true
        unsettled.append(stream)
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { grow(from: Self.protocolWindow) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        forgetDeadline()
    }

    func channelActive(context: ChannelHandlerContext) {
        grow(from: Self.protocolWindow)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .closed else { return }
        isReading = true
        let frame = Self.unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let content):
            guard let stream = note(frame.streamID) else { return }
            stream.receive(content.headers, isLast: content.endStream)
        case .data(let content):
            guard let stream = note(frame.streamID), case .byteBuffer(let bytes) = content.data else { return }
            stream.receive(bytes, isLast: content.endStream)
        case .rstStream(let code):
            guard let stream = note(frame.streamID) else { return }
            streams[frame.streamID] = nil
            stream.wasReset(code)
        case .goAway(let last, _, _): wasToldToLeave(last)
        case .settings(.settings(let settings)): take(settings)
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        lastReceived = worker.now
        if pingSentAt != nil { proved() }
        let clients = unflushed
        unflushed.removeAll(keepingCapacity: true)
        for client in clients { client.flush() }
        context.flush()
        settle()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { settle() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? NIOHTTP2WindowUpdatedEvent {
            guard let window = event.inboundWindowSize else { return }
            if event.streamID == .rootStream {
                grow(from: window)
            } else {
                streams[event.streamID]?.windowChanged(to: window)
            }
        } else if let event = event as? NIOHTTP2BulkStreamWindowChangeEvent {
            for stream in streams.values { stream.windowChanged(by: event.delta) }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // One that cost a stream only is known to `wroteFrame`.
        if error is any NIOHTTP2Error, !hasFailed { settle() } else { close() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        forgetDeadline()
        if isPooled { endpoint.closed(self) }
    }

    /// The stream of a frame, whose client is flushed when all that was read is done with.
    private func note(_ id: HTTP2StreamID) -> UpstreamHTTP2Stream? {
        guard let stream = streams[id] else { return nil }
        if let client = stream.client, unflushed.last !== client { unflushed.append(client) }
        return stream
    }

    private func take(_ settings: HTTP2Settings) {
        guard let most = settings.last(where: { $0.parameter == .maxConcurrentStreams })?.value else { return }
        peerLimit = Int(most)
        if phase == .open { endpoint.limitChanged(self) }
    }

    /// Lets the backend send as much as has come in, whoever takes it.
    private func grow(from window: Int) {
        let increment = UpstreamHTTP2Settings.connectionWindow - window
        guard increment >= UpstreamHTTP2Settings.connectionWindow / 2 else { return }
        write(.windowUpdate(windowSizeIncrement: increment), on: .rootStream)
        flushLater()
    }

    // MARK: What has left

    func wroteFrame(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .data(let content): streams[frame.streamID]?.wrote(content.data.readableBytes)
        case .rstStream: streams[frame.streamID]?.wasBroken()
        case .goAway(_, let code, _): if code != .noError { hasFailed = true }
        default: break
        }
    }

    private func settle() {
        guard !isSettling else { return }
        isSettling = true
        while let stream = unsettled.popLast() {
            stream.isUnsettled = false
            stream.settle()
        }
        isSettling = false
    }

    // MARK: The end

    /// The backend will not serve streams after `last` (RFC 9113, 6.8). They are sent again elsewhere; the others go on.
    private func wasToldToLeave(_ last: HTTP2StreamID) {
        if phase == .open { endpoint.left(self) }
        phase = .leaving
        for (id, stream) in streams where id > last {
            streams[id] = nil
            stream.wasReset(.refusedStream)
        }
        if lent == 0 { close() }
    }

    /// Closes the connection; the calls that it carries fail.
    func close() {
        guard phase != .closed else { return }
        if phase == .open { endpoint.left(self) }
        phase = .closed
        let broken = streams.values
        streams = [:]
        unused = []
        unsettled = []
        for stream in broken { stream.connectionBroke() }
        context?.close(promise: nil)
    }

    // MARK: The clock

    func deadlinePassed() {
        let now = worker.now
        if pingSentAt != nil || lent == 0 {
            close()
        } else if now &- lastReceived >= endpoint.pingInterval {
            ping(now)
        } else {
            setDeadline(lastReceived &+ endpoint.pingInterval)
        }
    }

    /// A stream was given up. When nothing at all came in the while, the fault may be the connection's.
    private func doubt(since time: UInt64) {
        let now = worker.now
        if lastReceived < time, now &- time > Self.suspiciousSilence, pingSentAt == nil, phase != .closed { ping(now) }
    }

    private func ping(_ now: UInt64) {
        pingSentAt = now
        write(.ping(HTTP2PingData(withInteger: 0), ack: false), on: .rootStream)
        flushLater()
        setDeadline(now &+ Self.pingPatience)
    }

    /// Whatever came in after a PING shows that the connection lives.
    private func proved() {
        pingSentAt = nil
        setDeadline(lastReceived &+ (lent == 0 ? endpoint.idleTimeout : endpoint.pingInterval))
    }

    private func setDeadline(_ time: UInt64) {
        guard phase != .closed else { return }
        let slot = deadline ?? worker.deadlines.add(self)
        deadline = slot
        worker.deadlines.set(slot, at: time)
    }

    private func forgetDeadline() {
        if let deadline { worker.deadlines.remove(deadline) }
        deadline = nil
    }
}
