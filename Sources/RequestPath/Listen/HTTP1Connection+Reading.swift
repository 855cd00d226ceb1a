import Exchange
import NIOCore
import Wire

/// Reading: bytes become heads, whose calls are begun one after the other, and bodies, which are passed on as far as they are wanted.
extension HTTP1Connection {
    private static let mostUnread = 65_536

    func append(_ incoming: ByteBuffer) {
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
        giveBack(incoming)
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
        served += 1
        if !exchange.request.keepsAlive || server.isDraining || served >= server.settings.requestsPerConnection {
            closesAfterResponse = true
        }
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
        server.begin(exchange, through: arrival.entrance)
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
        let exchange = server.makeExchange(for: self, arrival)
        self.exchange = exchange
        phase = .call
        hasResponseStarted = false
        isResponseChunked = false
        isBodyWanted = false
        requestPace = RequestPace()
        clearDeadline()
        return exchange
    }

    /// - Returns: whether some of the body was passed on, so that more may follow.
    private func readBody() -> Bool {
        guard !isRequestOver, isBodyWanted, let exchange, let integration = exchange.integration else { return false }
        guard let buffer = unread, buffer.readableBytes > 0 else {
            if hasInputEnded { endInput(integration) }
            return false
        }
        do throws(WireFault) {
            switch try body.next(buffer.readableBytesUInt8Span, from: 0) {
            case .needsMore:
                unread?.moveReaderIndex(forwardBy: buffer.readableBytes)
                expectBody(of: exchange, at: worker.now)
            case .content(let range):
                unread?.moveReaderIndex(forwardBy: range.lowerBound)
                guard let part = unread?.readSlice(length: range.count) else { return false }
                exchange.record.requestBytes += part.readableBytes
                isBodyWanted = integration.receiveBody(part)
                // The last frame of a tunnel ends it at once.
                guard self.exchange === exchange else { return true }
                if isBodyWanted { expectBody(of: exchange, at: worker.now) } else { stopExpectingBody() }
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

    /// Waits for more of the body, but not long in silence, and not at a crawl. What goes through a tunnel comes when it comes, and
    /// the tunnel itself sees to its end.
    func expectBody(of exchange: Exchange, at now: UInt64) {
        guard !isTunnel else { return clearDeadline() }
        // Until the client reads again, the deadline is for that.
        guard isWritable else { return }
        let slowAt = requestPace.deadline(server.settings.rates.request, bytes: exchange.record.requestBytes)
        setDeadline(at: min(now &+ server.settings.bodyIdleTimeout, slowAt))
    }

    private func stopExpectingBody() {
        requestPace.pause(at: worker.now)
        clearBodyDeadline()
    }

    /// The client need send no more for now, but it still has to read.
    private func clearBodyDeadline() {
        if isWritable || isTunnel { clearDeadline() }
    }

    /// The client's FIN ends a tunnel's direction in good order, and a body before its time.
    private func endInput(_ integration: any IntegrationCall) {
        guard isTunnel else { return abort("client.closed") }
        isRequestOver = true
        integration.receiveEnd(trailers: nil)
    }

    private func endBody(_ integration: any IntegrationCall) throws(WireFault) {
        guard !isRequestOver else { return }
        var trailers: ByteBuffer?
        if let section = body.trailers { trailers = try server.settings.trailers.filter(section) }
        isRequestOver = true
        clearBodyDeadline()
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
        let now = worker.now
        if !isBodyWanted { requestPace.resume(at: now) }
        isBodyWanted = true
        expectBody(of: exchange, at: now)
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

    func giveUnreadBack() {
        guard let buffer = unread else { return }
        unread = nil
        scanned = 0
        giveBack(buffer)
    }

    /// What was decrypted stands in a buffer of the TLS handler's, which writes into it again once nobody else refers to it.
    private func giveBack(_ buffer: ByteBuffer) {
        if !arrival.isSecure { worker.readBuffers.give(buffer) }
    }
}
