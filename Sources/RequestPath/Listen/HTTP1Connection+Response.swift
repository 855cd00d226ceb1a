import Exchange
import NIOCore
import Wire

/// Writing: what a call answers becomes HTTP/1.1, put together in one buffer and written at the end of the loop's turn.
extension HTTP1Connection: ClientStream {
    private static let copiedAtMost = 4_096
    /// With so many bytes at hand the turn's end is not waited for.
    private static let mostHeldBack = 32_768

    // MARK: A backend's response

    func sendInformational(_ head: borrowing ResponseHead) {
        guard let exchange, exchange.request.version == .http11, !hasResponseStarted else { return }
        worker.writeBuffers.lend(to: &outgoing)
        outgoing.writeHead { out in
            Self.writeStatusLine(head, to: &out)
            out.writeFields(head.section, of: head.bytes, dropping: .hopByHop)
            out.writeStaticString("\r\n")
        }
        flush()
    }

    func send(_ head: borrowing ResponseHead) {
        guard let exchange else { return }
        start(exchange, status: head.status)
        if head.status == 101 { return openTunnel(head, exchange) }
        let isHEAD = exchange.request.isHEAD
        let dropped = head.fieldsNotPassedOn(toHEAD: isHEAD, through: arrival.entrance)
        if !isHEAD, head.framing == .chunked || head.framing == .untilClose {
            isResponseChunked = exchange.request.version == .http11
            if !isResponseChunked { closesAfterResponse = true }
        }
        outgoing.writeHead { out in
            Self.writeStatusLine(head, to: &out)
            if let added = exchange.responseFields {
                let section = added.without(replacedIn: head.section, of: head.bytes)
                out.writeFields(section, of: head.bytes, dropping: dropped)
            } else {
                out.writeFields(head.section, of: head.bytes, dropping: dropped)
            }
            if isResponseChunked { out.writeStaticString("Transfer-Encoding: chunked\r\n") }
            endHead(exchange, to: &out)
        }
    }

    /// Lets bytes through in both directions from here on. Those that the client has sent before are its first ones (and would be a
    /// next request, had the backend answered otherwise).
    private func openTunnel(_ head: borrowing ResponseHead, _ exchange: Exchange) {
        isTunnel = true
        closesAfterResponse = true
        body = BodyDecoder(.untilClose)
        isRequestOver = false
        let dropped = FieldNameSet.hopByHop.union(FieldNameSet(.xRequestID))
        outgoing.writeHead { out in
            Self.writeStatusLine(head, to: &out)
            out.writeFields(head.section, of: head.bytes, dropping: dropped)
            out.writeStaticString("Connection: Upgrade\r\nUpgrade: websocket\r\nX-Request-Id: ")
            exchange.requestID.withText { out.writeBytes($0) }
            out.writeStaticString("\r\n\r\n")
        }
        if server.isDraining { exchange.integration?.drain() }
    }

    func sendBody(_ part: ByteBuffer) {
        // A backend that was asked with another method than HEAD answers with a body.
        guard let exchange, !exchange.request.isHEAD else { return }
        worker.writeBuffers.lend(to: &outgoing)
        let count = part.readableBytes
        exchange.record.responseBytes += count
        if isResponseChunked { outgoing.writeChunkSize(count) }
        append(body: part)
        if isResponseChunked { outgoing.writeStaticString("\r\n") }
    }

    func sendEnd(trailers: ByteBuffer?) {
        guard exchange != nil else { return }
        if isResponseChunked {
            worker.writeBuffers.lend(to: &outgoing)
            outgoing.writeStaticString("0\r\n")
            if let trailers { outgoing.writeBytes(trailers.readableBytesSpan) }
            outgoing.writeStaticString("\r\n")
        }
        finish()
    }

    // MARK: The gateway's own answers

    func send(_ reply: Reply) {
        guard let exchange else { return }
        start(exchange, status: reply.status)
        let mayHaveBody = reply.status != 204 && reply.status != 304
        let isHEAD = exchange.request.isHEAD
        let date = server.date.current()
        outgoing.writeHead { out in
            out.writeStaticString("HTTP/1.1 ")
            out.writeDecimal(UInt(reply.status))
            out.writeStaticString(" ")
            out.writeStaticString(StatusLine.reason(reply.status))
            out.writeStaticString("\r\nDate: ")
            out.writeImmutableBuffer(date)
            out.writeStaticString("\r\n")
            for field in reply.fields {
                out.writeString(field.name)
                out.writeStaticString(": ")
                out.writeString(field.value)
                out.writeStaticString("\r\n")
            }
            if mayHaveBody {
                out.writeStaticString("Content-Length: ")
                out.writeDecimal(UInt(reply.body.readableBytes))
                out.writeStaticString("\r\n")
            }
            endHead(exchange, to: &out)
        }
        if mayHaveBody, !isHEAD {
            exchange.record.responseBytes += reply.body.readableBytes
            append(body: reply.body)
        }
        finish()
    }

    /// Answers a message that can't be understood, or that took too long; the connection is closed afterwards.
    func refuse(_ fault: WireFault) {
        refuse(Refusal(status: fault.status, cause: Cause("wire.\(fault.rawValue)"), message: fault.explanation))
    }

    /// Answers with an error on the connection's own account, in place of whatever was in flight.
    func refuse(_ refusal: Refusal) {
        if hasResponseStarted, exchange != nil {
            abort(refusal.cause)
            return
        }
        let exchange = self.exchange ?? makeExchange()
        exchange.integration?.cancel()
        exchange.integration = nil
        exchange.record.cause = refusal.cause
        closesAfterResponse = true
        send(Reply(refusal, requestID: exchange.requestID))
        flush()
    }

    /// Answers a connection of which nothing is to be read as requests, and reads past what it sends.
    func refuseUnread(_ refusal: Refusal) {
        isRequestOver = false
        refuse(refusal)
    }

    // MARK: Ends

    func abort(_ cause: Cause) {
        endCall(cause: cause, at: worker.now)
        close()
    }

    func flush() {
        guard !isFlushScheduled, outgoing.readableBytes > 0 else { return }
        isFlushScheduled = true
        worker.flushes.add(self)
    }

    func flushNow() {
        isFlushScheduled = false
        writeOut()
    }

    func close() {
        guard phase != .closed else { return }
        // What was to leave before this leaves before the connection's end.
        if isFlushScheduled { writeOut() }
        guard phase != .closed else { return }
        phase = .closed
        context?.close(promise: nil)
    }

    /// Sends our FIN after what was written, and waits a little for the client's, so that its unread bytes do not make the
    /// system send a reset that would destroy the answer (RFC 9112, 9.6).
    func linger() {
        guard phase != .closed else { return }
        phase = .lingering
        isOutputClosed = true
        setDeadline(Self.lingerTime)
        pauseOrResumeReading()
        writeOut()
        context?.close(mode: .output, promise: nil)
    }

    /// Ends the call in flight, if there is one, without writing anything.
    func endCall(cause: Cause?, at now: UInt64) {
        guard let exchange else { return }
        self.exchange = nil
        hasResponseStarted = false
        if responsePace.isWatching { responsePace.reset() }
        server.end(exchange, cause: cause, at: now)
    }

    func sendContinue() {
        worker.writeBuffers.lend(to: &outgoing)
        outgoing.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        flush()
    }

    // MARK: Pieces

    private func start(_ exchange: Exchange, status: Int) {
        worker.writeBuffers.lend(to: &outgoing)
        hasResponseStarted = true
        exchange.record.status = status
        // A client that waits for 100 may send its body or not: the next message can't be told from it.
        if exchange.request.expectsContinue { closesAfterResponse = true }
        // Nor is a body read past that is too long for it.
        if !isRequestOver, case .length(let count) = exchange.request.framing, count > Self.mostDiscarded {
            closesAfterResponse = true
        }
    }

    private static func writeStatusLine(_ head: borrowing ResponseHead, to out: inout HeadWriter) {
        out.writeStaticString("HTTP/1.1 ")
        out.writeDecimal(UInt(head.status))
        out.writeStaticString(" ")
        out.writeBytes(head.bytes.readableBytesSpan.extracting(head.reason.range))
        out.writeStaticString("\r\n")
    }

    private func endHead(_ exchange: Exchange, to out: inout HeadWriter) {
        if let added = exchange.responseFields { out.writeImmutableBuffer(added.lines) }
        out.writeStaticString("X-Request-Id: ")
        exchange.requestID.withText { out.writeBytes($0) }
        if let limits = exchange.limits {
            out.writeStaticString("\r\nRateLimit-Policy: ")
            out.writeImmutableBuffer(limits.policyField)
            out.writeStaticString("\r\nRateLimit: ")
            out.writeImmutableBuffer(limits.standingField)
        }
        if let line = arrival.entrance?.strictTransport {
            out.writeStaticString("\r\n")
            out.writeImmutableBuffer(line)
        }
        if server.isDraining || hasInputEnded && isRequestOver && !hasUnread { closesAfterResponse = true }
        if closesAfterResponse {
            out.writeStaticString("\r\nConnection: close\r\n\r\n")
        } else if exchange.request.version == .http10 {
            out.writeStaticString("\r\nConnection: keep-alive\r\n\r\n")
        } else {
            out.writeStaticString("\r\n\r\n")
        }
    }

    private func finish() {
        exchange?.integration = nil
        let now = worker.now
        // Before the last write, which may close the connection at once: that would count as the client's doing.
        endCall(cause: nil, at: now)
        guard phase == .call else { return }
        if closesAfterResponse {
            finishOutput()
            return
        }
        becomeIdle(at: now)
        // Many requests may be at hand, and the next one's answer waits until the client takes these.
        if outgoing.readableBytes >= Self.mostHeldBack { writeOut() }
        advance()
    }

    /// Writes the end of the last answer, and closes once it is with the system.
    func finishOutput() {
        guard let context, phase != .lingering, phase != .closed else { return }
        phase = .lingering
        setDeadline(server.settings.rates.grace)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { [self] _ in
            if hasInputEnded || isRequestOver && !hasUnread { close() } else { linger() }
        }
        socket?.willGiveToChannel()
        let bytes = outgoing.moveOut()
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: written)
        worker.writeBuffers.give(bytes)
    }

    /// Puts a few bytes behind what is held back, and writes many after it as they are.
    private func append(body: ByteBuffer) {
        guard body.readableBytes > Self.copiedAtMost, let context else {
            outgoing.writeBytes(body.readableBytesSpan)
            return
        }
        socket?.willGiveToChannel()
        let bytes = outgoing.moveOut()
        worker.writeBuffers.lend(to: &outgoing)
        context.write(Self.wrapOutboundOut(bytes), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(body), promise: nil)
        worker.writeBuffers.give(bytes)
    }

    /// Writes what is held back.
    private func writeOut() {
        guard let context, outgoing.readableBytes > 0 else { return }
        let isWritten = socket?.write(&outgoing) ?? false
        let bytes = outgoing.moveOut()
        if !isWritten { context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil) }
        worker.writeBuffers.give(bytes)
    }
}
