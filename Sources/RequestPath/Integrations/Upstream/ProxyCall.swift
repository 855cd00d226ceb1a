import Exchange
import Model
import NIOCore
import Selection
import Wire

/// One exchange's way to a backend: chooses a target, sends the request, passes the response on, and tries again where that is safe.
///
/// This file chooses and tries again, `ProxyCall+Passing.swift` passes request and response on. A call serves one exchange after the
/// other. It lets go of its stream before it tells the client's side that the response is complete, since that may begin the
/// next call at once.
final class ProxyCall: IntegrationCall, Expiring {
    /// How far the attempt at hand has come, which decides what a passed deadline means.
    enum Phase {
        case idle
        case connecting
        case sending
        case waitingForHead
        case receiving
    }

    let worker: WorkerContext
    private let recycle: (ProxyCall) -> Void
    private var deadline: Deadlines.Slot?

    var exchange: Exchange?
    var plan: ProxyPlan?
    var timeouts = ProxyPlan.Timeouts()
    var upstream: Upstream?
    /// What the attempt at hand holds of the backend.
    var current: Attempt?
    var stream: (any BackendStream)?
    var phase = Phase.idle
    /// Changes with every attempt, so that a connection that comes too late is recognised.
    private(set) var generation = 0
    private var tried = TargetSet()
    private var attempts = 0
    /// How often the request came back unprocessed; a backend that does so for ever is no longer asked.
    private var refusals = 0
    private static let mostRefusals = 8
    var totalDeadline = UInt64.max
    /// What was received of the request's body, for another attempt; `nil` once it is too large or can't be repeated.
    var kept: ByteBuffer?
    var keptTrailers: ByteBuffer?
    private var hasBody = false
    private var hasBegunBody = false
    var isRequestReceived = false
    var hasUnflushedBody = false
    /// What the backend has to prove that it understood a WebSocket handshake; `nil` for any other request.
    var webSocketAccept: ByteBuffer?

    /// Makes a call; `recycle` is told when it is free for another exchange.
    init(worker: WorkerContext, recycle: @escaping (ProxyCall) -> Void) {
        self.worker = worker
        self.recycle = recycle
    }

    var client: (any ClientStream)? { exchange?.client }
    /// Whether a connection that served other calls will do. Such a one may have been closed by the backend as the request
    /// was on its way; were that to happen to every attempt, a backend's restart would be seen by clients.
    var mayReuseConnection: Bool { attempts == 1 }
    var connectTimeout: UInt64 { timeouts.connect }
    /// Whether the request is with the backend as a whole, so that its connection can serve another one.
    var isRequestSent: Bool { isRequestReceived }

    /// Whether the request is a WebSocket handshake.
    var opensWebSocket: Bool { webSocketAccept != nil }

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
    func attempt(
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
        setDeadline(min(now &+ timeouts.connect, totalDeadline))
        if let stream = endpoint.lease(for: self) { send(exchange, plan, over: stream) }
    }

    /// The stream that the attempt has waited for.
    func connected(_ stream: any BackendStream) {
        guard let exchange, let plan else {
            stream.release(now: worker.now)
            return
        }
        send(exchange, plan, over: stream)
    }

    private func send(_ exchange: Exchange, _ plan: ProxyPlan, over stream: any BackendStream) {
        self.stream = stream
        phase = .sending
        stream.begin(self, exchange, plan: plan)
        guard self.stream === stream else { return }
        let now = worker.now
        exchange.record.sentToBackendAt = now
        if !hasBody {
            stream.flush()
            waitForHead(from: now)
        } else {
            sendBodyFromStart(exchange, stream)
        }
    }

    /// Sends what was kept of the body, then asks for the rest.
    private func sendBodyFromStart(_ exchange: Exchange, _ stream: any BackendStream) {
        clearDeadline()
        if hasBegunBody, let kept {
            if kept.readableBytes > 0 { stream.sendBody(kept) }
            if isRequestReceived { stream.sendEnd(trailers: keptTrailers) }
        }
        hasBegunBody = true
        stream.flush()
        if isRequestReceived { waitForHead(from: worker.now) } else { exchange.client?.resumeRequestBody() }
    }

    func waitForHead(from now: UInt64) {
        phase = .waitingForHead
        setDeadline(min(now &+ timeouts.firstByte, totalDeadline))
    }

    // MARK: Failures

    /// The attempt at hand came to nothing; its connection is gone.
    func failed(_ failure: BackendFailure) {
        guard let exchange, let plan, let upstream else { return }
        let now = worker.now
        endAttempt(failure, upstream, now)
        if mayRetry(after: failure, upstream, now) {
            attempt(exchange, plan, upstream, after: failure, now: now)
            return
        }
        refuse(exchange, failure)
    }

    /// The backend has not processed the request at all: it said so of this stream (REFUSED_STREAM), or when it left (GOAWAY). So it is sent
    /// again whatever its method, and that counts as no attempt (RFC 9113, 8.7).
    func wasRefused() {
        guard let exchange, let plan, let upstream else { return }
        refusals += 1
        guard refusals <= Self.mostRefusals, !hasBegunBody || kept != nil else { return failed(.reset) }
        let now = worker.now
        stream = nil
        if let current { upstream.ended(current, .unknown, now: now) }
        current = nil
        attempts -= 1
        attempt(exchange, plan, upstream, after: .reset, now: now)
    }

    private func refuse(_ exchange: Exchange, _ failure: BackendFailure) {
        exchange.integration = nil
        free()
        exchange.refuse(failure.refusal)
    }

    func endAttempt(_ failure: BackendFailure, _ upstream: Upstream, _ now: UInt64) {
        stream = nil
        guard let current else { return }
        self.current = nil
        current.endpoint.cancel(self)
        upstream.ended(current, failure.outcome, now: now)
    }

    /// Whether another attempt is wanted, safe, and within the budget, from which it is then taken.
    func mayRetry(after failure: BackendFailure, _ upstream: Upstream, _ now: UInt64) -> Bool {
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
        guard let exchange, let upstream, let current else { return }
        stream = nil
        upstream.ended(current, failure.outcome, now: worker.now)
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

    // MARK: Pieces

    func keep(_ part: ByteBuffer) {
        guard kept != nil, let upstream else { return }
        let size = (kept?.readableBytes ?? 0) + part.readableBytes
        // Between two attempts the part is nowhere else, so it is kept whatever its size.
        if stream != nil, size > upstream.settings.retry.bodyBytes {
            kept = nil
        } else {
            kept?.writeImmutableBuffer(part)
        }
    }

    func setDeadline(_ time: UInt64) {
        let slot = deadline ?? worker.deadlines.add(self)
        deadline = slot
        worker.deadlines.set(slot, at: time)
    }

    func clearDeadline() {
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
