import Exchange
import Model
import NIOCore
import NIOHPACK
import NIOHTTP2
import Wire

/// A client's HTTP/2 connection: gives frames to their streams, each of which is one call, and writes what the streams answer.
///
/// It stands right behind NIO's handler, without channels for the streams, which would cost more than all the rest. This file says
/// what happens to it; `HTTP2Connection+Ending.swift` is about its end.
///
/// What streams write is flushed once for all that the loop has at hand. Which of it has left tells `wroteFrame`, in the middle
/// of NIO's work; so it only takes notes, and `settle` does what follows from them.
final class HTTP2Connection: ChannelInboundHandler, NIOHTTP2FrameDelegate, ClientConnection, HeldBack, Expiring {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// What the connection is doing, which decides what a passed deadline means.
    enum Phase {
        case open
        /// The client was told that the connection ends, and may still open streams for a moment.
        case announced
        /// The client was told which stream is the last one.
        case ending
        /// All was said: what the client still sends is thrown away until its FIN.
        case lingering
        case closed
    }

    let server: ClientServer
    let worker: WorkerContext
    let arrival: Arrival
    let settings: ClientHTTP2Settings
    let transport: HTTP2Transport
    var context: ChannelHandlerContext?
    var phase = Phase.open
    /// The place in the server's list of connections.
    var position = 0
    var deadline: Deadlines.Slot?

    var streams = HTTP2StreamTable()
    /// The newest stream that was served.
    private(set) var lastStream = HTTP2StreamID.rootStream
    private var served = 0
    /// Streams of which something was written, or has left, since they were settled.
    private var unsettled: [HTTP2Stream] = []
    private var isSettling = false
    /// Streams whose calls begin once all that was read is done with.
    private var beginning: [HTTP2Stream] = []
    /// Streams whose backends wait for a flush.
    private var unflushed: [HTTP2Stream] = []
    /// Whether a flush comes once all that was read is done with.
    private var isReading = false
    private var wantsFlush = false
    private var isFlushScheduled = false
    var isWritable = true
    var responsePace = ResponsePace()
    /// What NIO's handler closes the connection for.
    private var failure: HTTP2ErrorCode?
    private var faults: BurstCount

    init(server: ClientServer, arrival: Arrival, transport: HTTP2Transport) {
        self.server = server
        self.arrival = arrival
        self.transport = transport
        worker = server.worker
        settings = server.settings.http2
        faults = BurstCount(at: server.worker.now)
        transport.connection = self
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        deadline = worker.deadlines.add(self)
        // The frames' handler has written, which may have closed the connection before it could tell this one.
        guard context.channel.isActive else { return channelInactive(context: context) }
        setDeadline(server.settings.headTimeout)
        updateWindow(from: Self.protocolWindow)
        context.flush()
        if server.isDraining { drain() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .lingering, phase != .closed else { return }
        isReading = true
        let frame = Self.unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let content): receive(content, on: frame.streamID)
        case .data(let content):
            guard let stream = streams.find(frame.streamID), case .byteBuffer(let bytes) = content.data else { return }
            stream.receive(bytes, isLast: content.endStream)
        case .rstStream(let code): streams.find(frame.streamID)?.wasReset(code)
        case .goAway: wasToldToEnd()
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        beginCalls()
        flushRequests()
        if wantsFlush {
            wantsFlush = false
            context.flush()
        }
        settle()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable {
            responsePace.reset()
            settle()
        }
        updateDeadline()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? NIOHTTP2WindowUpdatedEvent {
            guard let window = event.inboundWindowSize else { return }
            if event.streamID == .rootStream {
                updateWindow(from: window)
            } else {
                streams.find(event.streamID)?.windowChanged(to: window)
            }
        } else if let event = event as? NIOHTTP2BulkStreamWindowChangeEvent {
            for stream in streams.all { stream.windowChanged(by: event.delta) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure {
            fail(failure)
        } else if error is any NIOHTTP2Error, !(error is NIOHTTP2Errors.UnableToSerializeFrame) {
            // It cost a stream, of which `wroteFrame` has been told.
            settle()
        } else {
            close()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        endStreams("client.closed")
        guard let deadline else { return }
        worker.deadlines.remove(deadline)
        self.deadline = nil
        server.dismiss(self)
    }

    // MARK: Requests

    private func receive(_ content: HTTP2Frame.FramePayload.Headers, on id: HTTP2StreamID) {
        if let stream = streams.find(id) {
            stream.receiveTrailers(content.headers, isLast: content.endStream)
            return
        }
        guard id > lastStream else { return }
        guard streams.count < settings.limits.streams else {
            reset(id, .refusedStream)
            countFault()
            return
        }
        lastStream = id
        let stream = server.http2Streams.take(worker)
        streams.append(stream.start(id, of: self))
        if streams.count == 1 { updateDeadline() }
        stream.begin(content.headers, isLast: content.endStream)
        served += 1
        if served == server.settings.requestsPerConnection { drain() }
    }

    /// A stream was reset because of what the client sent on it. One that does so all the time is sent away, as it is for its own
    /// resets.
    func countFault() {
        faults.add()
        if faults.exceeds(settings.limits.resets, at: worker.now) { sendGoAway(.enhanceYourCalm) }
    }

    /// Has the backend's side of a stream flushed once all that was read, or else all that the loop has at hand, is done with.
    func flushRequestLater(_ stream: HTTP2Stream) {
        unflushed.append(stream)
        flushLater()
    }

    /// Has a stream's call begun once all that was read is done with.
    func beginLater(_ stream: HTTP2Stream) { beginning.append(stream) }

    private func beginCalls() {
        for stream in beginning { stream.beginCall() }
        beginning.removeAll(keepingCapacity: true)
    }

    private func flushRequests() {
        while let stream = unflushed.popLast() { stream.flushRequest() }
    }

    // MARK: Flow control of what comes

    /// The window that every connection begins with (RFC 9113, 6.9.2).
    private static let protocolWindow = 65_535

    private func updateWindow(from window: Int) {
        let increment = settings.connectionWindow - window
        if increment >= settings.connectionWindow / 2 {
            write(.windowUpdate(windowSizeIncrement: increment), on: .rootStream)
        }
    }

    // MARK: Writing

    func write(_ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID) {
        context?.write(Self.wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
    }

    func reset(_ id: HTTP2StreamID, _ code: HTTP2ErrorCode) { write(.rstStream(code), on: id) }

    /// Flushes once the loop has looked at all that is at hand, so that the answers of many streams leave together.
    func flushLater() {
        guard !isReading else {
            wantsFlush = true
            return
        }
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        worker.flushes.add(self)
    }

    func flushNow() {
        isFlushScheduled = false
        guard phase != .closed else { return }
        flushRequests()
        context?.flush()
        settle()
    }

    /// Has a stream looked at by `settle`.
    func settleLater(_ stream: HTTP2Stream) {
        guard !stream.isUnsettled else { return }
        stream.isUnsettled = true
        unsettled.append(stream)
    }

    func wroteFrame(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .data(let content):
            streams.find(frame.streamID)?.wrote(content.data.readableBytes, isLast: content.endStream)
        case .headers(let content):
            if content.endStream { streams.find(frame.streamID)?.wrote(0, isLast: true) }
        case .rstStream(let code): streams.find(frame.streamID)?.didReset(code)
        case .goAway(_, let code, _):
            if code != .noError { failure = code }
        default: break
        }
    }

    /// Does for the streams what follows from what has left: some are over, some may have more from their backends, some have to stop.
    func settle() {
        guard !isSettling else { return }
        isSettling = true
        var needsFlush = false
        while let stream = unsettled.popLast() {
            stream.isUnsettled = false
            if stream.connection === self, stream.settle() { needsFlush = true }
        }
        isSettling = false
        if needsFlush { flushLater() }
    }

    /// A stream has come to its end on both sides.
    func remove(_ stream: HTTP2Stream) {
        streams.remove(stream.id)
        server.http2Streams.give(stream)
        if streams.isEmpty { becameIdle() }
    }
}
