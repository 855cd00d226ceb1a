import Exchange
import Model
import NIOCore
import Selection
import Wire

/// One exchange's way to a backend: chooses a target, sends the request, passes the response on, and tries again where that is safe.
///
/// A call serves one exchange after the other. It lets go of its stream before it tells the client's side that the
/// response is complete, since that may begin the next call at once.
final class ProxyCall: IntegrationCall, Expiring {
    /// How far the attempt at hand has come, which decides what a passed deadline means.
    private enum Phase {
        case idle
        case connecting
        case sending
        case waitingForHead
        case receiving
    }

    private let worker: WorkerContext
    private let recycle: (ProxyCall) -> Void
    private var deadline: Deadlines.Slot?

    private(set) var exchange: Exchange?
    private(set) var plan: ProxyPlan?
    private var timeouts = ProxyPlan.Timeouts()
    private(set) var upstream: Upstream?
    /// What the attempt at hand holds of the backend.
    private(set) var current: Attempt?
    private var stream: (any BackendStream)?
    private var phase = Phase.idle
    /// Changes with every attempt, so that a connection that comes too late is recognised.
    private(set) var generation = 0
    private var tried = TargetSet()
    private var attempts = 0
    /// How often the request came back unprocessed; a backend that does so for ever is no longer asked.
    private var refusals = 0
    private static let mostRefusals = 8
    private var totalDeadline = UInt64.max
    /// What was received of the request's body, for another attempt; `nil` once it is too large or can't be repeated.
    private var kept: ByteBuffer?
    private var keptTrailers: ByteBuffer?
    private var hasBody = false
    private var hasBegunBody = false
    /// Whether the client has sent all of the request.
    private(set) var isRequestReceived = false
    private var hasUnflushedBody = false
    /// What the backend has to prove that it understood a WebSocket handshake; `nil` for any other request.
    private(set) var webSocketAccept: ByteBuffer?

    /// Makes a call; `recycle` is told when it is free for another exchange.
    init(worker: WorkerContext, recycle: @escaping (ProxyCall) -> Void) {
        self.worker = worker
        self.recycle = recycle
    }

    var client: (any ClientStream)? { exchange?.client }
    /// Whether a connection that served other calls will do. Such a one may have been closed by the backend as the request
    /// was on its way; were that to happen to every attempt, a backend's restart would be seen by clients.
    var mayReuseConnection: Bool { attempts == 1 && refusals == 0 }
    var connectTimeout: UInt64 { timeouts.connect }

    // MARK: Attempts

    /// - Parameter webSocketKey: the key of a WebSocket handshake, when the request is one.
    func start(_ exchange: Exchange, plan: ProxyPlan, upstream: Upstream, webSocketKey: ByteBuffer?) {
        self.exchange = exchange
        webSocketAccept = webSocketKey.map { WebSocketAccept.value(forKey: $0) }
        self.plan = plan
        timeouts = plan.timeouts
        self.upstream = upstream
        exchange.integration = self
        exchange.record.backend = upstream.name
        hasBody = exchange.request.framing != .none && exchange.request.framing != .length(0)
        isRequestReceived = !hasBody
        hasBegunBody = false
        hasUnflushedBody = false
        attempts = 0
        tried = TargetSet()
        refusals = 0
        kept = hasBody && mayRepeat(exchange, upstream) ? ByteBuffer() : nil
        keptTrailers = nil
        totalDeadline = hasBody ? .max : exchange.record.receivedAt &+ timeouts.total
        upstream.retries.deposit(now: exchange.record.receivedAt)
        attempt(exchange, plan, upstream, now: worker.now)
    }

    /// Whether the body may be asked for once more.
    private func mayRepeat(_ exchange: Exchange, _ upstream: Upstream) -> Bool {
        upstream.speaksHTTP2 || upstream.settings.retry.attempts > 1 && exchange.request.isIdempotent
    }

    /// - Parameter former: what the last attempt came to, which the client is told when no target takes another one.
    private func attempt(
        _ exchange: Exchange,
        _ plan: ProxyPlan,
        _ upstream: Upstream,
        after former: BackendFailure? = nil,
        now: UInt64
    ) {
        generation &+= 1
        attempts += 1
        exchange.record.attempts = attempts
        phase = .connecting
        let current: Attempt
        do throws(BackendFailure) {
            current = try upstream.begin(for: exchange, now: now, tried: tried, opensWebSocket: opensWebSocket)
        } catch {
            refuse(exchange, former ?? error)
            return
        }
        self.current = current
        let endpoint = current.endpoint
        if let index = endpoint.index { tried.insert(index) }
        exchange.record.target = endpoint.name
        let generation = generation
        if let stream = endpoint.lease(for: self) {
            send(exchange, plan, over: stream, now: now)
        } else if self.generation == generation, phase == .connecting {
            setDeadline(min(now &+ timeouts.connect, totalDeadline))
        }
    }

    /// The stream that the attempt has waited for.
    func connected(_ stream: any BackendStream) {
        guard let exchange, let plan else {
            stream.release(now: worker.now)
            return
        }
        send(exchange, plan, over: stream, now: worker.now)
    }

    private func send(_ exchange: Exchange, _ plan: ProxyPlan, over stream: any BackendStream, now: UInt64) {
        self.stream = stream
        phase = .sending
        stream.begin(self, exchange, plan: plan)
        guard self.stream === stream else { return }
        exchange.record.sentToBackendAt = now
        if !hasBody {
            stream.flush()
            waitForHead(from: now)
        } else {
            sendBodyFromStart(exchange, stream, now: now)
        }
    }

    /// Sends what was kept of the body, then asks for the rest.
    private func sendBodyFromStart(_ exchange: Exchange, _ stream: any BackendStream, now: UInt64) {
        clearDeadline()
        if hasBegunBody, let kept {
            if kept.readableBytes > 0 { stream.sendBody(kept) }
            if isRequestReceived { stream.sendEnd(trailers: keptTrailers) }
        }
        hasBegunBody = true
        stream.flush()
        if isRequestReceived { waitForHead(from: now) } else { exchange.client?.resumeRequestBody() }
    }

    private func waitForHead(from now: UInt64) {
        phase = .waitingForHead
        setDeadline(min(now &+ timeouts.firstByte, totalDeadline))
    }

    // MARK: Failures

    /// The attempt at hand came to nothing; its connection is gone.
    func failed(_ failure: BackendFailure) {
        guard let exchange, let plan, let upstream else { return }
        let now = worker.now
        endAttempt(failure.outcome, upstream, now)
        if mayRetry(after: failure, upstream, now) {
            attempt(exchange, plan, upstream, after: failure, now: now)
            return
        }
        refuse(exchange, failure)
    }

    /// The backend has not processed the request at all: it said so of this stream (REFUSED_STREAM), or when it left (GOAWAY), or its
    /// connection ended before a byte was written. So it is sent again whatever its method, and that counts as no attempt (RFC 9110, 9.2.2;
    /// RFC 9113, 8.7).
    func wasRefused() {
        guard let exchange, let plan, let upstream else { return }
        refusals += 1
        guard refusals <= Self.mostRefusals, !hasBegunBody || kept != nil else { return failed(.reset) }
        let now = worker.now
        endAttempt(.unknown, upstream, now)
        attempts -= 1
        attempt(exchange, plan, upstream, after: .reset, now: now)
    }

    private func refuse(_ exchange: Exchange, _ failure: BackendFailure) {
        exchange.integration = nil
        free()
        exchange.refuse(failure.refusal)
    }

    /// Gives back what the attempt at hand holds of the backend.
    private func endAttempt(_ outcome: CircuitBreaker.Outcome, _ upstream: Upstream, _ now: UInt64) {
        stream = nil
        guard let current else { return }
        self.current = nil
        current.endpoint.cancel(self)
        upstream.ended(current, outcome, now: now)
    }

    /// Whether another attempt is wanted, safe, and within the budget, from which it is then taken.
    private func mayRetry(after failure: BackendFailure, _ upstream: Upstream, _ now: UInt64) -> Bool {
        guard let exchange, failure.isRetried(by: upstream.settings.retry),
            attempts < upstream.settings.retry.attempts, now < totalDeadline, !hasBegunBody || kept != nil,
            failure.isUnsent || exchange.request.isIdempotent, upstream.mayTryAgain(now: now)
        else { return false }
        return upstream.retries.withdraw(now: now)
    }

    /// The connection was closed before the response was complete.
    func connectionBroke() {
        guard phase == .receiving else {
            failed(.reset)
            return
        }
        broke(off: "backend.closed-mid-response", .reset)
    }

    func malformed(_ fault: WireFault) {
        guard phase == .receiving else {
            failed(.malformed(fault))
            return
        }
        broke(off: "backend.malformed-response", .malformed(fault))
    }

    /// The response can't be completed, and its head has been passed on.
    private func broke(off cause: Cause, _ failure: BackendFailure) {
        guard let exchange, let upstream else { return }
        endAttempt(failure.outcome, upstream, worker.now)
        exchange.integration = nil
        let client = exchange.client
        free()
        client?.abort(cause)
    }

    func deadlinePassed() {
        let stream = self.stream
        self.stream = nil
        stream?.close()
        switch phase {
        case .idle: break
        case .connecting: failed(current?.endpoint.isInLine(self) == true ? .poolTimeout : .connectTimeout)
        case .sending, .waitingForHead: failed(.timeout)
        case .receiving: broke(off: "backend.idle-timeout", .timeout)
        }
    }

    // MARK: The response

    func receiveInterim(_ head: borrowing ResponseHead) {
        exchange?.client?.sendInformational(head)
    }

    /// - Returns: whether the response is passed on; `false` when another attempt replaces it.
    func receive(_ head: borrowing ResponseHead, reused: Bool, now: UInt64) -> Bool {
        guard let exchange else { return false }
        exchange.record.backendStatus = head.status
        exchange.record.backendAnsweredAt = now
        if head.status >= 500, isReplaced(.status(head.status), exchange, now) { return false }
        phase = .receiving
        setDeadline(now &+ timeouts.idle)
        exchange.client?.send(head)
        return self.exchange === exchange
    }

    /// Whether another attempt takes the place of this one, which the backend has answered.
    private func isReplaced(_ failure: BackendFailure, _ exchange: Exchange, _ now: UInt64) -> Bool {
        guard let plan, let upstream, mayRetry(after: failure, upstream, now) else { return false }
        stream?.close()
        endAttempt(failure.outcome, upstream, now)
        attempt(exchange, plan, upstream, after: failure, now: now)
        return true
    }

    func receiveResponseBody(_ part: ByteBuffer, now: UInt64) {
        guard let exchange else { return }
        setDeadline(now &+ timeouts.idle)
        exchange.client?.sendBody(part)
    }

    /// The response is complete. The stream is given when it can serve another call.
    func receiveEnd(trailers: ByteBuffer?, from stream: (any BackendStream)?, now: UInt64) {
        guard let exchange, let upstream, let current else { return }
        exchange.record.backendEndedAt = now
        upstream.ended(current, BackendFailure.outcome(ofStatus: exchange.record.backendStatus), now: now)
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
        guard let exchange else { return }
        let trailers = exchange.withoutReserved(trailers)
        let now = worker.now
        isRequestReceived = true
        totalDeadline = now &+ timeouts.total
        if kept != nil { keptTrailers = trailers }
        guard let stream else { return }
        stream.sendEnd(trailers: trailers)
        stream.flush()
        self.exchange?.record.sentToBackendAt = now
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
        endAttempt(.unknown, upstream, worker.now)
        free()
    }

    // MARK: Pieces

    private func keep(_ part: ByteBuffer) {
        guard kept != nil, let upstream else { return }
        let size = (kept?.readableBytes ?? 0) + part.readableBytes
        // Between two attempts the part is nowhere else, so it is kept whatever its size.
        if stream != nil, size > upstream.settings.retry.bodyBytes {
            kept = nil
        } else {
            kept?.writeImmutableBuffer(part)
        }
    }

    private func setDeadline(_ time: UInt64) {
        let slot = deadline ?? worker.deadlines.add(self)
        deadline = slot
        worker.deadlines.set(slot, at: time)
    }

    private func clearDeadline() {
        if let deadline { worker.deadlines.clear(deadline) }
    }

    /// Gives its deadline back; it is not used again.
    func discard() {
        if let deadline { worker.deadlines.remove(deadline) }
        deadline = nil
    }

    /// Ready for another exchange.
    func free() {
        clearDeadline()
        generation &+= 1
        phase = .idle
        exchange = nil
        plan = nil
        upstream = nil
        current = nil
        stream = nil
        kept = nil
        keptTrailers = nil
        webSocketAccept = nil
        recycle(self)
    }
}
