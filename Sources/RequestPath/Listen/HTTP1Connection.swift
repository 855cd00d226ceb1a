import Exchange
import Model
import NIOCore
import Wire

/// A client's HTTP/1.1 connection: turns bytes into calls, one after the other, and writes their answers.
///
/// This file reads, `HTTP1Connection+Response.swift` writes. While a call is in flight its successor's bytes wait in `unread`.
final class HTTP1Connection: ChannelInboundHandler, Expiring {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the connection is doing, which decides what a passed deadline means.
    enum Phase {
        /// Waits for the first byte of a request.
        case idle
        /// Waits for the rest of a head.
        case head
        /// A call is in flight.
        case call
        /// The call is over, but its request's body has yet to be read past.
        case discarding
        /// The last answer was given: what the client still sends is thrown away until its FIN.
        case lingering
        case closed
    }

    private static let mostUnread = 65_536
    static let mostDiscarded = 262_144
    static let lingerTime: UInt64 = 2_000_000_000
    /// What a connection without a call gets to bring one while the gateway drains: its client may just be sending it.
    static let drainGrace: UInt64 = 1_000_000_000

    let server: ClientServer
    let worker: WorkerContext
    var context: ChannelHandlerContext?
    var phase = Phase.idle
    private(set) var peer = PeerAddress()
    /// The place in the server's list of connections.
    var position = 0
    private var deadline: Deadlines.Slot?

    // Reading
    private var unread: ByteBuffer?
    private var scanned = 0
    private var body = BodyDecoder(.none)
    private(set) var isRequestOver = true
    private var isBodyWanted = false
    private var discarded = 0
    private var isReadPaused = false
    private var isAdvancing = false
    private(set) var hasInputEnded = false

    // The call in flight and its answer
    var exchange: Exchange?
    var hasResponseStarted = false
    var isResponseChunked = false
    var closesAfterResponse = false
    var isOutputClosed = false
    private var isWritable = true

    init(server: ClientServer) {
        self.server = server
        worker = server.worker
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        guard server.admit(self) else {
            phase = .closed
            context.close(promise: nil)
            return
        }
        var text = context.channel.remoteAddress?.ipAddress ?? ""
        // What an IPv4 client is called by a socket that takes both families; it is told and trusted by its own address.
        if text.hasPrefix("::ffff:"), text.contains(".") { text.removeFirst("::ffff:".count) }
        let bytes = IPAddress(text)?.bytes ?? []
        peer = PeerAddress(text: text.utf8.span, bytes: bytes.span)
        peer.isTrusted = server.settings.trusts(peer)
        deadline = worker.deadlines.add(self)
        setDeadline(server.isDraining ? Self.drainGrace : server.settings.headTimeout)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .lingering, phase != .closed else { return }
        append(Self.unwrapInboundIn(data))
        advance()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        guard phase == .call else {
            // Not at once: this may be inside of a write, whose bytes would be written again.
            if isWritable, phase != .closed { context.eventLoop.assumeIsolated().execute { self.advance() } }
            return
        }
        if isWritable { clearDeadline() } else { setDeadline(server.settings.bodyIdleTimeout) }
        exchange?.integration?.setClientWritable(isWritable)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        hasInputEnded = true
        switch phase {
        case .idle, .head, .call: advance()
        case .discarding: finishOutput()
        case .lingering: if isOutputClosed { close() }
        case .closed: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close()
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        endCall(cause: "client.closed", at: worker.now)
        giveUnreadBack()
        worker.releaseResponseScratch(of: self)
        guard let deadline else { return }
        worker.deadlines.remove(deadline)
        self.deadline = nil
        server.dismiss(self)
    }

    func deadlinePassed() {
        switch phase {
        case .idle, .discarding, .lingering, .closed: close()
        case .head: refuse(Refusal(status: 408, cause: "client.head-timeout"))
        case .call:
            if isWritable, !hasResponseStarted {
                refuse(Refusal(status: 408, cause: "client.body-timeout"))
            } else {
                abort(isWritable ? "client.body-timeout" : "client.write-timeout")
            }
        }
    }

    func setDeadline(_ nanoseconds: UInt64) { setDeadline(nanoseconds, after: worker.now) }

    private func setDeadline(_ nanoseconds: UInt64, after now: UInt64) {
        if let deadline { worker.deadlines.set(deadline, at: now &+ nanoseconds) }
    }

    func clearDeadline() {
        if let deadline { worker.deadlines.clear(deadline) }
    }

    // MARK: Reading

    private func append(_ incoming: ByteBuffer) {
        guard var waiting = unread, waiting.readableBytes > 0 else {
            unread = incoming
            scanned = 0
            return
        }
        var incoming = incoming
        unread = nil
        if waiting.writableBytes < incoming.readableBytes {
            var joined = worker.readBuffers.take()
            joined.writeBuffer(&waiting)
            waiting = joined
        }
        waiting.writeBuffer(&incoming)
        worker.readBuffers.give(incoming)
        unread = waiting
    }

    /// Goes on as far as the bytes at hand and the call in flight allow.
    func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        var goesOn = true
        while goesOn {
            switch phase {
            case .idle, .head: goesOn = readHead()
            case .call: goesOn = readBody()
            case .discarding: goesOn = discardBody()
            case .lingering, .closed: goesOn = false
            }
        }
        isAdvancing = false
        if unread?.readableBytes == 0 { giveUnreadBack() }
        pauseOrResumeReading()
        flush()
        exchange?.integration?.flush()
    }

    /// - Returns: whether a call was begun.
    private func readHead() -> Bool {
        // A client that does not read its answers gets no further ones.
        guard isWritable else { return false }
        guard let buffer = unread, buffer.readableBytes > 0 else {
            if hasInputEnded { finishOutput() }
            return false
        }
        do throws(WireFault) {
            guard case .complete(let length) = try server.parse(buffer, scanned: scanned) else {
                scanned = buffer.readableBytes
                if hasInputEnded {
                    finishOutput()
                } else if phase == .idle {
                    phase = .head
                    setDeadline(server.settings.headTimeout)
                }
                return false
            }
            beginCall(headLength: length)
        } catch {
            refuse(error)
        }
        return true
    }

    private func beginCall(headLength: Int) {
        let exchange = makeExchange()
        scanned = 0
        swap(&exchange.request, &server.head)
        takeHead(headLength, into: &exchange.request.bytes)
        if !exchange.request.keepsAlive || server.isDraining { closesAfterResponse = true }
        let framing = exchange.request.framing
        body = BodyDecoder(framing, limit: server.settings.bodyBytes)
        isRequestOver = body.hasEnded
        if case .length(let length) = framing, length > server.settings.bodyBytes {
            refuse(.bodyTooLarge)
            return
        }
        if framing == .chunked {
            do throws(WireFault) {
                try checkChunksAtHand()
            } catch {
                refuse(error)
                return
            }
        }
        ForwardedClient.identify(exchange, trusted: server.settings)
        server.handler.begin(exchange)
    }

    /// Copies a head out of what was read, so that the buffer can serve the worker's next read while the call lasts: a few hundred
    /// bytes cost less than another buffer to find, to read into and to keep.
    private func takeHead(_ length: Int, into bytes: inout ByteBuffer) {
        guard let buffer = unread else { return }
        bytes.clear()
        bytes.writeBytes(buffer.readableBytesSpan.extracting(first: length))
        unread?.moveReaderIndex(forwardBy: length)
    }

    /// Looks through the chunks that came with the head, so that nothing reaches a backend when they are malformed.
    private func checkChunksAtHand() throws(WireFault) {
        guard let buffer = unread else { return }
        let span = buffer.readableBytesUInt8Span
        var ahead = body
        var offset = 0
        while case .content(let range) = try ahead.next(span, from: offset) { offset = range.upperBound }
        if ahead.hasEnded, let section = ahead.trailers { _ = try server.settings.trailers.filter(section) }
    }

    func makeExchange() -> Exchange {
        let exchange = worker.takeExchange()
        exchange.record.receivedAt = worker.now
        exchange.peer = peer
        exchange.clientAddress = peer
        exchange.requestID = RequestID(using: &worker.random)
        exchange.client = self
        exchange.handler = server.handler
        self.exchange = exchange
        phase = .call
        hasResponseStarted = false
        isResponseChunked = false
        isBodyWanted = false
        clearDeadline()
        return exchange
    }

    /// - Returns: whether some of the body was passed on, so that more may follow.
    private func readBody() -> Bool {
        guard !isRequestOver, isBodyWanted, let exchange, let integration = exchange.integration else { return false }
        guard let buffer = unread, buffer.readableBytes > 0 else {
            if hasInputEnded { abort("client.closed") }
            return false
        }
        do throws(WireFault) {
            switch try body.next(buffer.readableBytesUInt8Span, from: 0) {
            case .needsMore:
                unread?.moveReaderIndex(forwardBy: buffer.readableBytes)
                setDeadline(server.settings.bodyIdleTimeout)
            case .content(let range):
                unread?.moveReaderIndex(forwardBy: range.lowerBound)
                guard let part = unread?.readSlice(length: range.count) else { return false }
                exchange.record.requestBytes += part.readableBytes
                isBodyWanted = integration.receiveBody(part)
                if isBodyWanted { setDeadline(server.settings.bodyIdleTimeout) } else { clearDeadline() }
                if body.hasEnded { try endBody(integration) }
            case .end(let offset):
                unread?.moveReaderIndex(forwardBy: offset)
                try endBody(integration)
            }
        } catch {
            refuse(error)
        }
        return true
    }

    private func endBody(_ integration: any IntegrationCall) throws(WireFault) {
        guard !isRequestOver else { return }
        var trailers: ByteBuffer?
        if let section = body.trailers { trailers = try server.settings.trailers.filter(section) }
        isRequestOver = true
        clearDeadline()
        integration.receiveEnd(trailers: trailers)
    }

    /// Reads past the body of a request that was answered without it.
    /// - Returns: whether the next request may follow.
    private func discardBody() -> Bool {
        while let buffer = unread, buffer.readableBytes > 0 {
            guard let event = try? body.next(buffer.readableBytesUInt8Span, from: 0) else {
                linger()
                return false
            }
            switch event {
            case .needsMore: unread?.moveReaderIndex(forwardBy: buffer.readableBytes)
            case .content(let range):
                unread?.moveReaderIndex(forwardBy: range.upperBound)
                discarded += range.count
            case .end(let offset): unread?.moveReaderIndex(forwardBy: offset)
            }
            if body.hasEnded {
                isRequestOver = true
                becomeIdle(at: worker.now)
                return true
            }
            if discarded > Self.mostDiscarded {
                linger()
                return false
            }
        }
        return false
    }

    /// Waits for the next request, or first for the end of this one's body.
    func becomeIdle(at now: UInt64) {
        if isRequestOver {
            phase = .idle
            setDeadline(server.isDraining ? Self.drainGrace : server.settings.keepAliveTimeout, after: now)
        } else {
            phase = .discarding
            discarded = 0
            setDeadline(server.settings.bodyIdleTimeout, after: now)
        }
    }

    func resumeRequestBody() {
        guard let exchange, !isRequestOver else { return }
        if exchange.request.expectsContinue {
            exchange.request.expectsContinue = false
            if unread?.readableBytes ?? 0 == 0 { sendContinue() }
        }
        isBodyWanted = true
        setDeadline(server.settings.bodyIdleTimeout)
        advance()
    }

    func pauseOrResumeReading() {
        let isEnough: Bool
        switch phase {
        case .call where !isRequestOver && !isBodyWanted: isEnough = unread != nil
        case .call: isEnough = unread?.readableBytes ?? 0 >= Self.mostUnread
        case .idle, .head: isEnough = !isWritable && unread?.readableBytes ?? 0 >= Self.mostUnread
        default: isEnough = false
        }
        guard isEnough != isReadPaused else { return }
        isReadPaused = isEnough
        try? context?.channel.syncOptions?.setOption(.autoRead, value: !isEnough)
    }

    var hasUnread: Bool { unread?.readableBytes ?? 0 > 0 }

    private func giveUnreadBack() {
        guard let buffer = unread else { return }
        unread = nil
        scanned = 0
        worker.readBuffers.give(buffer)
    }
}
