import Exchange
import NIOCore
import Wire

/// Writing: what a call answers becomes HTTP/1.1, put together in the worker's scratch buffer and written at once.
extension HTTP1Connection: ClientStream {
    private static let copiedAtMost = 4_096

    // MARK: A backend's response

    func sendInformational(_ head: borrowing ResponseHead) {
        guard let exchange, exchange.request.version == .http11, !hasResponseStarted else { return }
        worker.claimResponseScratch(for: self)
        writeStatusLine(head)
        worker.responseScratch.writeFields(head.section, of: head.bytes, dropping: .hopByHop)
        worker.responseScratch.writeStaticString("\r\n")
        flush()
    }

    func send(_ head: borrowing ResponseHead) {
        guard let exchange else { return }
        start(exchange, status: head.status)
        var dropped = FieldNameSet.hopByHop.union(FieldNameSet(.xRequestID))
        switch head.framing {
        case .length: dropped.remove(FieldNameSet(.contentLength))
        case .none:
            if head.status != 204 { dropped.remove(FieldNameSet(.contentLength)) }
        case .chunked, .untilClose:
            isResponseChunked = exchange.request.version == .http11
            if !isResponseChunked { closesAfterResponse = true }
        }
        writeStatusLine(head)
        worker.responseScratch.writeFields(head.section, of: head.bytes, dropping: dropped)
        if isResponseChunked { worker.responseScratch.writeStaticString("Transfer-Encoding: chunked\r\n") }
        endHead(exchange)
    }

    func sendBody(_ part: ByteBuffer) {
        guard let exchange, let context else { return }
        worker.claimResponseScratch(for: self)
        let count = part.readableBytes
        exchange.record.responseBytes += count
        if isResponseChunked { worker.responseScratch.writeChunkSize(count) }
        if count <= Self.copiedAtMost {
            worker.responseScratch.writeBytes(part.readableBytesSpan)
            if isResponseChunked { worker.responseScratch.writeStaticString("\r\n") }
        } else {
            writeScratch(context)
            context.write(Self.wrapOutboundOut(part), promise: nil)
            if isResponseChunked { context.write(Self.wrapOutboundOut(server.lineEnd), promise: nil) }
            context.flush()
        }
    }

    func sendEnd(trailers: ByteBuffer?) {
        guard exchange != nil else { return }
        if isResponseChunked {
            worker.claimResponseScratch(for: self)
            worker.responseScratch.writeStaticString("0\r\n")
            if let trailers { worker.responseScratch.writeBytes(trailers.readableBytesSpan) }
            worker.responseScratch.writeStaticString("\r\n")
        }
        finish()
    }

    // MARK: The gateway's own answers

    func send(_ reply: Reply) {
        guard let exchange else { return }
        start(exchange, status: reply.status)
        let mayHaveBody = reply.status != 204 && reply.status != 304
        let isHEAD = exchange.request.isHEAD
        worker.responseScratch.writeStaticString("HTTP/1.1 ")
        worker.responseScratch.writeDecimal(reply.status)
        worker.responseScratch.writeStaticString(" ")
        worker.responseScratch.writeStaticString(StatusLine.reason(reply.status))
        worker.responseScratch.writeStaticString("\r\nDate: ")
        server.date.write(to: &worker.responseScratch)
        worker.responseScratch.writeStaticString("\r\n")
        for field in reply.fields {
            worker.responseScratch.writeString(field.name)
            worker.responseScratch.writeStaticString(": ")
            worker.responseScratch.writeString(field.value)
            worker.responseScratch.writeStaticString("\r\n")
        }
        if mayHaveBody {
            worker.responseScratch.writeStaticString("Content-Length: ")
            worker.responseScratch.writeDecimal(reply.body.readableBytes)
            worker.responseScratch.writeStaticString("\r\n")
        }
        endHead(exchange)
        if mayHaveBody, !isHEAD {
            exchange.record.responseBytes += reply.body.readableBytes
            worker.responseScratch.writeBytes(reply.body.readableBytesSpan)
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
        let exchange = self.exchange ?? takeExchangeForRefusal()
        exchange.integration?.cancel()
        exchange.integration = nil
        exchange.record.cause = refusal.cause
        closesAfterResponse = true
        send(Reply(refusal, requestID: exchange.requestID))
        flush()
    }

    // MARK: Ends

    func abort(_ cause: Cause) {
        endCall(cause: cause)
        close()
    }

    func flush() {
        guard let context, worker.ownsResponseScratch(self), worker.responseScratch.readableBytes > 0 else { return }
        context.writeAndFlush(Self.wrapOutboundOut(worker.responseScratch), promise: nil)
        worker.responseScratch.clear()
    }

    func close() {
        guard phase != .closed else { return }
        phase = .closed
        context?.close(promise: nil)
    }

    /// Sends our FIN after what was written, and waits a little for the client's, so that its unread bytes do not make the
    /// system send a reset that would destroy the answer (RFC 9112, 9.6).
    func linger() {
        guard phase != .closed else { return }
        phase = .lingering
        setDeadline(Self.lingerTime)
        pauseOrResumeReading()
        context?.close(mode: .output, promise: nil)
    }

    /// Ends the call in flight, if there is one, without writing anything.
    func endCall(cause: Cause?) {
        guard let exchange else { return }
        self.exchange = nil
        hasResponseStarted = false
        if let cause, exchange.record.cause == nil { exchange.record.cause = cause }
        if exchange.record.status == 0 { exchange.record.status = 499 }
        exchange.record.endedAt = worker.now
        exchange.integration?.cancel()
        exchange.integration = nil
        server.handler.end(exchange)
    }

    func sendContinue() {
        guard let context else { return }
        flush()
        context.writeAndFlush(Self.wrapOutboundOut(server.continueResponse), promise: nil)
    }

    // MARK: Pieces

    private func start(_ exchange: Exchange, status: Int) {
        worker.claimResponseScratch(for: self)
        hasResponseStarted = true
        exchange.record.status = status
        // A client that waits for 100 may send its body or not: the next message can't be told from it.
        if exchange.request.expectsContinue { closesAfterResponse = true }
        // Nor is a body read past that is too long for it.
        if !isRequestOver, case .length(let count) = exchange.request.framing, count > Self.mostDiscarded {
            closesAfterResponse = true
        }
    }

    private func writeStatusLine(_ head: borrowing ResponseHead) {
        worker.responseScratch.writeStaticString("HTTP/1.1 ")
        worker.responseScratch.writeDecimal(head.status)
        worker.responseScratch.writeStaticString(" ")
        worker.responseScratch.writeBytes(head.bytes.readableBytesSpan.extracting(head.reason.range))
        worker.responseScratch.writeStaticString("\r\n")
    }

    private func endHead(_ exchange: Exchange) {
        worker.responseScratch.writeStaticString("X-Request-Id: ")
        exchange.requestID.write(to: &worker.responseScratch)
        if server.isDraining { closesAfterResponse = true }
        if closesAfterResponse {
            worker.responseScratch.writeStaticString("\r\nConnection: close\r\n\r\n")
        } else if exchange.request.version == .http10 {
            worker.responseScratch.writeStaticString("\r\nConnection: keep-alive\r\n\r\n")
        } else {
            worker.responseScratch.writeStaticString("\r\n\r\n")
        }
    }

    private func finish() {
        let closes = closesAfterResponse
        if closes { writeLast() }
        exchange?.integration = nil
        endCall(cause: nil)
        guard !closes, phase == .call else { return }
        becomeIdle()
        advance()
    }

    /// Writes the end of the last answer, and closes once it is with the system.
    private func writeLast() {
        guard let context else { return }
        let hasMoreInput = !hasInputEnded && (!isRequestOver || unread?.readableBytes ?? 0 > 0)
        phase = .lingering
        setDeadline(server.settings.bodyIdleTimeout)
        worker.claimResponseScratch(for: self)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { [self] _ in
            if hasMoreInput { linger() } else { close() }
        }
        context.writeAndFlush(Self.wrapOutboundOut(worker.responseScratch), promise: written)
        worker.responseScratch.clear()
    }

    private func writeScratch(_ context: ChannelHandlerContext) {
        guard worker.responseScratch.readableBytes > 0 else { return }
        context.write(Self.wrapOutboundOut(worker.responseScratch), promise: nil)
        worker.responseScratch.clear()
    }

    private func takeExchangeForRefusal() -> Exchange {
        let exchange = worker.takeExchange()
        exchange.record.receivedAt = worker.now
        exchange.client = self
        exchange.handler = server.handler
        exchange.requestID = RequestID(using: &worker.random)
        self.exchange = exchange
        phase = .call
        return exchange
    }
}
