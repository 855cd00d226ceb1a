import Exchange
import NIOCore
import Wire

/// A WebSocket connection through the gateway: takes an exchange over once the backend has answered 101, and carries
/// bytes in both directions until one side ends.
///
/// Frames pass untouched. Where the gateway itself wants an end (nothing moves, it lasts too long, the gateway stops),
/// both sides get a Close frame with 1001 as soon as one may stand in their stream, and a little time to answer it.
final class WebSocketTunnel: IntegrationCall, Expiring {
    /// What the sides get to answer a Close frame, and to close their connections once both have sent one.
    static let closingTime: UInt64 = 5_000_000_000
    /// "Going away" (RFC 6455, 7.4.1).
    private static let goingAway: UInt16 = 1_001

    private let worker: WorkerContext
    /// `nil` once the tunnel is over.
    private var exchange: Exchange?
    private let stream: any BackendStream
    private let upstream: Upstream
    private let idle: UInt64
    private let endsAt: UInt64
    private var deadline: Deadlines.Slot?
    /// Whether the deadline is that of the end, which nothing defers any more.
    private var isEnding = false
    private var fromClient = WebSocketPassage(from: .client)
    private var fromBackend = WebSocketPassage(from: .server)
    /// Why the gateway closes the connection; `nil` while it does not.
    private var closing: Cause?
    private var isClientDone = false
    private var isBackendDone = false
    private var hasUnflushed = false

    init(
        _ exchange: Exchange,
        over stream: any BackendStream,
        upstream: Upstream,
        plan: ProxyPlan.WebSocket,
        now: UInt64
    ) {
        worker = exchange.worker
        self.exchange = exchange
        self.stream = stream
        self.upstream = upstream
        idle = plan.idle
        endsAt = now.addingReportingOverflow(plan.longest).overflow ? .max : now &+ plan.longest
    }

    /// Takes the call over and passes the backend's 101 on.
    func open(with head: borrowing ResponseHead, now: UInt64) {
        guard let exchange else { return }
        let slot = worker.deadlines.add(self)
        deadline = slot
        worker.deadlines.set(slot, at: min(now &+ idle, endsAt))
        upstream.tunnelBegan(stream.endpoint)
        exchange.handler?.tunnelOpened(exchange)
        exchange.integration = self
        exchange.record.isTunnel = true
        exchange.client?.send(head)
        self.exchange?.client?.resumeRequestBody()
    }

    // MARK: Bytes

    func receiveBody(_ part: ByteBuffer) -> Bool {
        guard exchange != nil else { return false }
        noteActivity(at: worker.now)
        let verdict = fromClient.pass(part.readableBytesUInt8Span)
        if let passed = part.prefix(verdict.count) { stream.sendBody(passed) }
        if verdict.closes { stream.sendBody(closeFrame(to: .server)) }
        hasUnflushed = true
        goOnClosing()
        return exchange != nil && (stream.isWritable || isBackendDone)
    }

    func flush() {
        guard hasUnflushed else { return }
        hasUnflushed = false
        stream.flush()
    }

    /// Bytes of the backend; never none.
    func receive(_ part: ByteBuffer, now: UInt64) {
        guard let client = exchange?.client else { return }
        noteActivity(at: now)
        let verdict = fromBackend.pass(part.readableBytesUInt8Span)
        if let passed = part.prefix(verdict.count) { client.sendBody(passed) }
        if verdict.closes { client.sendBody(closeFrame(to: .client)) }
        client.flush()
        goOnClosing()
    }

    func setClientWritable(_ isWritable: Bool) { stream.setReading(isWritable) }

    func backendBecameWritable() { exchange?.client?.resumeRequestBody() }

    // MARK: Ends

    /// The client has sent its last byte. What the backend still has to say may follow.
    func receiveEnd(trailers: ByteBuffer?) {
        guard exchange != nil else { return }
        isClientDone = true
        stream.sendEnd(trailers: nil)
        endSoon()
        goOnClosing()
    }

    /// The backend's connection is gone. The client may still answer a Close frame of the gateway's.
    func backendClosed() {
        isBackendDone = true
        guard closing != nil, fromBackend.isSettled else { return finish("backend.closed") }
        endSoon()
        goOnClosing()
    }

    func cancel() {
        guard let exchange else { return }
        letGo(of: exchange)
    }

    func drain() { close("gateway.stopping") }

    func deadlinePassed() {
        if isEnding { return finish(nil) }
        close(worker.now >= endsAt ? "websocket.duration" : "websocket.idle")
        // Whoever is in the midst of a frame has had its time.
        endSoon()
    }

    /// Ends the connection on the gateway's own account.
    private func close(_ cause: Cause) {
        guard let client = exchange?.client, closing == nil else { return }
        closing = cause
        if fromBackend.end() {
            client.sendBody(closeFrame(to: .client))
            client.flush()
        }
        if fromClient.end(), !isClientDone {
            stream.sendBody(closeFrame(to: .server))
            stream.flush()
        }
        goOnClosing()
    }

    /// Looks whether the closing handshake has come further.
    private func goOnClosing() {
        if closing == nil {
            if fromClient.hasClosed, fromBackend.hasClosed { endSoon() }
        } else if fromClient.hasClosed || isClientDone, fromBackend.hasClosed || isBackendDone {
            finish(nil)
        } else if fromClient.isSettled, fromBackend.isSettled {
            endSoon()
        }
    }

    private func endSoon() {
        guard !isEnding, let deadline else { return }
        isEnding = true
        worker.deadlines.set(deadline, at: worker.now &+ Self.closingTime)
    }

    /// Something moves.
    private func noteActivity(at now: UInt64) {
        guard !isEnding, let deadline else { return }
        worker.deadlines.set(deadline, at: min(now &+ idle, endsAt))
    }

    private func finish(_ cause: Cause?) {
        guard let exchange else { return }
        if let closing {
            exchange.record.cause = closing
        } else if !fromClient.hasClosed || !fromBackend.hasClosed {
            exchange.record.cause = isClientDone ? "client.closed" : cause
        }
        let client = exchange.client
        stream.flush()
        letGo(of: exchange)
        client?.sendEnd(trailers: nil)
        client?.flush()
    }

    private func letGo(of exchange: Exchange) {
        self.exchange = nil
        exchange.integration = nil
        exchange.record.backendEndedAt = worker.now
        exchange.handler?.tunnelClosed()
        if let deadline { worker.deadlines.remove(deadline) }
        deadline = nil
        upstream.tunnelEnded(stream.endpoint)
        stream.close()
    }

    private func closeFrame(to receiver: WebSocketFrames.Sender) -> ByteBuffer {
        let mask = receiver == .server ? UInt32(truncatingIfNeeded: worker.random.next()) : nil
        return .webSocketClose(code: Self.goingAway, mask: mask)
    }
}

extension ByteBuffer {
    /// The first bytes; `nil` when they would be none.
    fileprivate func prefix(_ count: Int) -> ByteBuffer? {
        if count == readableBytes { return self }
        return count == 0 ? nil : getSlice(at: readerIndex, length: count)
    }
}
