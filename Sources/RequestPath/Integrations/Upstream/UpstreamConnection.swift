import Exchange
import NIOCore
import Wire

/// A connection to a backend: writes the requests of one call after the other and reads their responses.
final class UpstreamConnection: ChannelInboundHandler, BackendStream, HeldBack, Expiring {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// No call; whatever comes now was not asked for.
        case resting
        case head
        case body
        /// Carries a tunnel instead of calls.
        case tunnel
        case closed
    }

    private static let mostInterimResponses = 16
    private static let copiedAtMost = 4_096

    let endpoint: Endpoint
    private let worker: WorkerContext
    private let parser: ResponseParser
    private var context: ChannelHandlerContext?
    private var deadline: Deadlines.Slot?
    private var phase = Phase.resting
    private var call: ProxyCall?
    private var tunnel: WebSocketTunnel?
    private var unread: ByteBuffer?
    private var scanned = 0
    private var head = ResponseHead()
    private var body = BodyDecoder(.none)
    private var interimResponses = 0
    private var isHEAD = false
    private var isRequestChunked = false
    private var isReadPaused = false
    /// What was put together of a request, and not yet written.
    private var outgoing = ByteBuffer()
    /// Where it is written at once; not with TLS.
    private var socket: DirectSocket?
    private var isFlushScheduled = false
    /// Whether no byte of the call's request was given to the channel: nothing that comes can be its answer.
    private var isRequestUnwritten = false
    /// Whether it is one of the endpoint's pool.
    private var isPooled = true
    /// Whether the last read filled its buffer, so that more may have come already.
    private var mayHoldMore = false
    /// What comes over TLS stands in memory of the TLS handler's, which it uses again.
    private let isSecure: Bool
    private var isCutOff = false
    /// Calls served, to tell a first use from a later one.
    private(set) var served = 0

    init(endpoint: Endpoint, parser: ResponseParser, worker: WorkerContext, isSecure: Bool = false) {
        self.endpoint = endpoint
        self.isSecure = isSecure
        self.parser = parser
        self.worker = worker
    }

    // MARK: For the endpoint and the call

    func begin(_ call: ProxyCall, _ exchange: Exchange, plan: ProxyPlan) {
        self.call = call
        isHEAD = exchange.request.isHEAD && plan.method == nil
        isRequestChunked = exchange.request.framing == .chunked
        phase = .head
        interimResponses = 0
        served += 1
        isRequestUnwritten = true
        worker.writeBuffers.lend(to: &outgoing)
        outgoing.writeHead { out in
            ForwardedRequest.write(
                exchange,
                plan: plan,
                endpoint: endpoint,
                opensWebSocket: call.opensWebSocket,
                to: &out
            )
        }
    }

    func begin(_ tunnel: WebSocketTunnel) {
        self.tunnel = tunnel
        call = nil
        phase = .tunnel
        // It is gone for good, and takes no place from requests.
        leavePool()
    }

    private func leavePool() {
        guard isPooled else { return }
        isPooled = false
        endpoint.closed(self)
    }

    func sendBody(_ part: ByteBuffer) {
        worker.writeBuffers.lend(to: &outgoing)
        if isRequestChunked { outgoing.writeChunkSize(part.readableBytes) }
        if part.readableBytes <= Self.copiedAtMost {
            outgoing.writeBytes(part.readableBytesSpan)
        } else {
            socket?.willGiveToChannel()
            write()
            context?.write(Self.wrapOutboundOut(part), promise: nil)
        }
        if isRequestChunked {
            worker.writeBuffers.lend(to: &outgoing)
            outgoing.writeStaticString("\r\n")
        }
    }

    func sendEnd(trailers: ByteBuffer?) {
        if phase == .tunnel {
            flushNow()
            context?.close(mode: .output, promise: nil)
            return
        }
        guard isRequestChunked else { return }
        worker.writeBuffers.lend(to: &outgoing)
        outgoing.writeStaticString("0\r\n")
        if let trailers { outgoing.writeBytes(trailers.readableBytesSpan) }
        outgoing.writeStaticString("\r\n")
    }

    func flush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        worker.flushes.add(self)
    }

    func flushNow() {
        isFlushScheduled = false
        isRequestUnwritten = false
        guard outgoing.readableBytes > 0 else {
            context?.flush()
            return
        }
        let isWritten = socket?.write(&outgoing) ?? false
        let bytes = outgoing.moveOut()
        if !isWritten { context?.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil) }
        worker.writeBuffers.give(bytes)
    }

    /// Gives the channel what was put together.
    private func write() {
        isRequestUnwritten = false
        guard outgoing.readableBytes > 0 else { return }
        let bytes = outgoing.moveOut()
        context?.write(Self.wrapOutboundOut(bytes), promise: nil)
        worker.writeBuffers.give(bytes)
    }

    var isOpen: Bool { phase != .closed }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func setReading(_ isReading: Bool) {
        guard isReadPaused == isReading else { return }
        isReadPaused = !isReading
        try? context?.channel.syncOptions?.setOption(.autoRead, value: isReading)
    }

    /// Closes the connection; its call, if any, must have let go of it.
    func close() {
        call = nil
        tunnel = nil
        guard phase != .closed else { return }
        // What was to leave before this leaves before the connection's end, but a request that nobody waits for any more.
        if isFlushScheduled, !isRequestUnwritten { flushNow() }
        phase = .closed
        // TLS waits for the other side to close, too. Nobody may be given the connection meanwhile.
        leavePool()
        context?.close(promise: nil)
    }

    func release(now: UInt64) { endpoint.release(self, now: now) }

    /// Waits for the next call, but not longer than until a monotonic time.
    func rest(until time: UInt64) {
        let slot = deadline ?? worker.deadlines.add(self)
        deadline = slot
        worker.deadlines.set(slot, at: time)
    }

    func stopResting() {
        if let deadline { worker.deadlines.clear(deadline) }
    }

    func deadlinePassed() { close() }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if !isSecure { socket = DirectSocket(context.channel) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        socket = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = Self.unwrapInboundIn(data)
        guard let call, phase != .resting, phase != .closed else {
            if let tunnel { tunnel.receive(buffer, now: worker.now) } else { close() }
            if !isSecure { worker.readBuffers.give(buffer) }
            return
        }
        let client = call.client
        if isRequestUnwritten {
            // The answer to another request, or to none.
            close()
            call.wasRefused()
            client?.flush()
            return
        }
        mayHoldMore = buffer.writableBytes == 0 && buffer.readableBytes >= worker.readBuffers.capacity
        if let waiting = unread {
            unread = nil
            buffer = join(waiting, buffer)
        }
        take(&buffer, for: call, now: worker.now)
        client?.flush()
        if unread == nil, !isSecure { worker.readBuffers.give(buffer) }
    }

    /// Nobody behind this handler wants to know.
    func channelReadComplete(context: ChannelHandlerContext) {}

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        call?.backendBecameWritable()
        tunnel?.backendBecameWritable()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Over TLS only what the other side has signed is the end (RFC 9112, 9.8).
        isCutOff = true
        if phase == .resting { close() } else { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let endsBody = phase == .body && body.endsWithConnection && !isCutOff
        phase = .closed
        if let deadline { worker.deadlines.remove(deadline) }
        deadline = nil
        worker.writeBuffers.takeBack(from: &outgoing)
        leavePool()
        tunnel?.backendClosed()
        guard let call else { return }
        self.call = nil
        let client = call.client
        if isRequestUnwritten {
            call.wasRefused()
        } else if endsBody {
            call.receiveEnd(trailers: nil, from: nil, now: worker.now)
        } else {
            call.connectionBroke()
        }
        client?.flush()
    }

    // MARK: Responses

    private func join(_ first: ByteBuffer, _ second: ByteBuffer) -> ByteBuffer {
        var joined = first
        var second = second
        if joined.writableBytes < second.readableBytes {
            joined = worker.readBuffers.take()
            joined.writeImmutableBuffer(first)
        }
        joined.writeBuffer(&second)
        return joined
    }

    private func take(_ buffer: inout ByteBuffer, for call: ProxyCall, now: UInt64) {
        do throws(WireFault) {
            while self.call === call {
                switch phase {
                case .head:
                    guard try takeHead(&buffer, for: call, now: now) else { return }
                case .body:
                    guard try takeBody(&buffer, for: call, now: now) else { return }
                case .resting, .tunnel, .closed: return
                }
            }
        } catch {
            self.call = nil
            close()
            call.malformed(error)
        }
    }

    /// - Returns: whether to go on.
    private func takeHead(
        _ buffer: inout ByteBuffer,
        for call: ProxyCall,
        now: UInt64
    ) throws(WireFault) -> Bool {
        guard buffer.readableBytes > 0 else { return false }
        guard case .complete(let length) = try parser.parse(buffer, scanned: scanned, toHEAD: isHEAD, into: &head)
        else {
            scanned = buffer.readableBytes
            unread = buffer
            return false
        }
        scanned = 0
        if head.status < 200 {
            interimResponses += 1
            guard interimResponses <= Self.mostInterimResponses else { throw .badStatusLine }
        }
        // The head has the buffer itself while it is passed on, since a second reference to it would have to be counted.
        swap(&head.bytes, &buffer)
        let goesOn = try passHeadOn(to: call, now: now)
        swap(&head.bytes, &buffer)
        buffer.moveReaderIndex(forwardBy: length)
        if let tunnel {
            head.reset()
            if buffer.readableBytes > 0 { tunnel.receive(buffer, now: now) }
        }
        if goesOn, phase == .body, body.hasEnded { end(call, rest: buffer.readableBytes, trailers: nil, now: now) }
        return goesOn
    }

    /// - Returns: whether to go on.
    private func passHeadOn(to call: ProxyCall, now: UInt64) throws(WireFault) -> Bool {
        if head.status < 200 {
            switch head.status {
            case 100: break
            case 101: try call.receiveSwitch(head, over: self, now: now)
            default: call.receiveInterim(head)
            }
            return true
        }
        body = BodyDecoder(head.framing)
        phase = .body
        return call.receive(head, reused: served > 1, now: now)
    }

    /// - Returns: whether to go on.
    private func takeBody(
        _ buffer: inout ByteBuffer,
        for call: ProxyCall,
        now: UInt64
    ) throws(WireFault) -> Bool {
        switch try body.next(buffer.readableBytesUInt8Span, from: 0) {
        case .needsMore:
            buffer.moveReaderIndex(forwardBy: buffer.readableBytes)
            return false
        case .content(let range):
            buffer.moveReaderIndex(forwardBy: range.lowerBound)
            guard let part = buffer.readSlice(length: range.count) else { return false }
            call.receiveResponseBody(part, now: now)
            if body.hasEnded, self.call === call {
                end(call, rest: buffer.readableBytes, trailers: nil, now: now)
            }
        case .end(let offset):
            buffer.moveReaderIndex(forwardBy: offset)
            let trailers = try filteredTrailers()
            end(call, rest: buffer.readableBytes, trailers: trailers, now: now)
        }
        return true
    }

    private func filteredTrailers() throws(WireFault) -> ByteBuffer? {
        guard let section = body.trailers else { return nil }
        return try TrailerFilter(names: worker.fieldNames).filter(section)
    }

    /// The response is complete. Bytes after it belong to no request: a connection that has some, or may have some that were
    /// not read, is not used again.
    private func end(_ call: ProxyCall, rest: Int, trailers: ByteBuffer?, now: UInt64) {
        self.call = nil
        let isReusable = head.keepsAlive && rest == 0 && !mayHoldMore && call.isRequestReceived
        setReading(true)
        phase = .resting
        call.receiveEnd(trailers: trailers, from: isReusable ? self : nil, now: now)
        if !isReusable { close() }
    }
}
