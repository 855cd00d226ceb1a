import Exchange
import NIOCore
import Selection
import Wire

/// What passes through a call while an attempt is at hand: the response to the client, and the request's body to the backend.
extension ProxyCall {
    // MARK: The response

    func receiveInterim(_ head: borrowing ResponseHead) {
        exchange?.client?.sendInformational(head)
    }

    /// - Returns: whether the response is passed on; `false` when another attempt replaces it.
    func receive(_ head: borrowing ResponseHead, reused: Bool, now: UInt64) -> Bool {
        guard let exchange else { return false }
        exchange.record.backendStatus = head.status
        exchange.record.backendAnsweredAt = now
        if head.status >= 500, let plan, let upstream, mayRetry(after: .status(head.status), upstream, now) {
            stream?.close()
            endAttempt(.status(head.status), upstream, now)
            attempt(exchange, plan, upstream, after: .status(head.status), now: now)
            return false
        }
        phase = .receiving
        setDeadline(now &+ timeouts.idle)
        exchange.client?.send(head)
        return self.exchange === exchange
    }

    /// The backend has answered with 101 on the connection that carries the call.
    /// - Throws: when the call has asked for nothing of the kind.
    func receiveSwitch(
        _ head: borrowing ResponseHead,
        over stream: UpstreamConnection,
        now: UInt64
    ) throws(WireFault) {
        guard let accept = webSocketAccept, let settings = plan?.webSocket, let exchange, let upstream, let current
        else { throw .badStatusLine }
        exchange.record.backendStatus = head.status
        exchange.record.backendAnsweredAt = now
        guard WebSocketHandshake.isCompleted(by: head, accept: accept) else {
            stream.close()
            failed(.badUpgrade)
            return
        }
        upstream.ended(current, .success, now: now)
        let tunnel = WebSocketTunnel(exchange, over: stream, upstream: upstream, plan: settings, now: now)
        free()
        stream.begin(tunnel)
        tunnel.open(with: head, now: now)
    }

    func receiveResponseBody(_ part: ByteBuffer, now: UInt64) {
        guard let exchange else { return }
        setDeadline(now &+ timeouts.idle)
        exchange.client?.sendBody(part)
    }

    func filteredTrailers(_ section: ByteBuffer?) throws(WireFault) -> ByteBuffer? {
        guard let section else { return nil }
        return try TrailerFilter(names: worker.fieldNames).filter(section)
    }

    /// The response is complete. The stream is given when it can serve another call.
    func receiveEnd(trailers: ByteBuffer?, from stream: (any BackendStream)?, now: UInt64) {
        guard let exchange, let upstream, let current else { return }
        exchange.record.backendEndedAt = now
        upstream.ended(current, BackendFailure.status(exchange.record.backendStatus).outcome, now: now)
        self.stream = nil
        exchange.integration = nil
        let client = exchange.client
        free()
        stream?.release(now: now)
        client?.sendEnd(trailers: trailers)
    }

    // MARK: The client's side

    func receiveBody(_ part: ByteBuffer) -> Bool {
        keep(part)
        guard let stream else { return false }
        stream.sendBody(part)
        hasUnflushedBody = true
        let isWritable = stream.isWritable
        // While both sides talk, either of them keeps the call alive.
        if phase == .receiving || !isWritable && phase == .sending { setDeadline(worker.now &+ timeouts.idle) }
        return isWritable
    }

    func receiveEnd(trailers: ByteBuffer?) {
        guard exchange != nil else { return }
        let now = worker.now
        isRequestReceived = true
        totalDeadline = now &+ timeouts.total
        if kept != nil { keptTrailers = trailers }
        guard let stream else { return }
        stream.sendEnd(trailers: trailers)
        stream.flush()
        exchange?.record.sentToBackendAt = now
        if phase == .sending { waitForHead(from: now) }
    }

    func flush() {
        guard hasUnflushedBody else { return }
        hasUnflushedBody = false
        stream?.flush()
    }

    func backendBecameWritable() {
        guard phase == .sending || phase == .receiving, !isRequestReceived else { return }
        if phase == .sending { clearDeadline() }
        exchange?.client?.resumeRequestBody()
    }

    func setClientWritable(_ isWritable: Bool) {
        guard phase == .receiving else { return }
        stream?.setReading(isWritable)
        if isWritable { setDeadline(worker.now &+ timeouts.idle) } else { clearDeadline() }
    }

    func cancel() {
        guard let upstream else { return }
        let stream = self.stream
        self.stream = nil
        stream?.close()
        if let current {
            upstream.ended(current, .unknown, now: worker.now)
            current.endpoint.cancel(self)
        }
        free()
    }
}
