public import Exchange
import Model
import NIOCore
import Selection

/// One backend as one worker sees it: its endpoints with their connections, the balancer, the circuit breaker and the retry budget.
///
/// It outlives reloads: `apply` changes what has changed and keeps the rest, so that a reload neither drops connections nor
/// forgets who is ill. Confined to the worker's loop.
public final class Upstream {
    /// The backend's name.
    public let name: String

    private(set) var settings: Backend
    /// Whether targets can say that they have left a request unprocessed.
    private(set) var speaksHTTP2 = false
    private var tls: UpstreamTLS?
    var retries: RetryBudget
    private let worker: WorkerContext
    private var endpoints: ContiguousArray<Endpoint> = []
    private var balancer: Balancer
    private var breaker: CircuitBreaker?
    private var timesOpened = 0
    private let inFlight: InFlightCounts
    private var unhealthy: Set<UInt64> = []
    private let workers: Int
    private let report: UpstreamReport

    /// Makes an upstream without endpoints.
    /// - Parameters:
    ///   - workers: how many workers share the backend; its retry floor is divided among them.
    ///   - inFlight: what all of them have in flight.
    ///   - report: is told of troubles that no request's line in the access log explains.
    public init(
        _ plan: BackendPlan,
        worker: WorkerContext,
        workers: Int,
        inFlight: InFlightCounts,
        report: @escaping UpstreamReport = { _ in }
    ) {
        name = plan.settings.name
        settings = plan.settings
        tls = plan.tls
        self.report = report
        self.worker = worker
        self.workers = workers
        self.inFlight = inFlight
        breaker = settings.breaker.map(CircuitBreaker.init)
        retries = Self.budget(settings, workers, worker.now)
        balancer = Balancer(members: [], policy: .roundRobin, ejection: settings.ejection, seed: 0)
    }

    private static func budget(_ settings: Backend, _ workers: Int, _ now: UInt64) -> RetryBudget {
        RetryBudget(share: settings.retry.budget, floorPerSecond: 10 / Double(max(workers, 1)), now: now)
    }

    // MARK: Reload and health

    /// Takes over new settings and addresses. Endpoints that stay keep their connections and standing.
    public func apply(_ plan: BackendPlan, targets: [ResolvedTarget]) {
        let settings = plan.settings
        let poolChanged = settings.pool != self.settings.pool
        if settings.retry != self.settings.retry { retries = Self.budget(settings, workers, worker.now) }
        if settings.breaker != self.settings.breaker { breaker = settings.breaker.map(CircuitBreaker.init) }
        let isSame =
            !poolChanged && settings.concurrency == self.settings.concurrency
            && endpoints.map(\.identity) == targets.map(\.identity)
            && settings.targets == self.settings.targets && settings.balance == self.settings.balance
            && settings.ejection == self.settings.ejection && plan.tls === tls && !endpoints.isEmpty
        self.settings = settings
        speaksHTTP2 = settings.mayUseHTTP2
        tls = plan.tls
        if settings.health == nil { forgetVerdicts() }
        if isSame { return }
        var known: [UInt64: Endpoint] = [:]
        for endpoint in endpoints { known[endpoint.identity] = endpoint }
        let old = endpoints
        endpoints = []
        var seen: Set<UInt64> = []
        for target in targets where seen.insert(target.identity).inserted {
            let endpoint = known[target.identity] ?? Endpoint(target, plan: plan, worker: worker, report: report)
            endpoint.apply(target, plan: plan)
            endpoint.limit(settings.concurrency, inFlight.count(backend: name, target: target.identity))
            endpoints.append(endpoint)
        }
        for endpoint in old { endpoint.index = nil }
        // One that comes back is checked anew.
        unhealthy.formIntersection(endpoints.map(\.identity))
        rebuildBalancer()
        for endpoint in old where endpoint.index == nil { endpoint.retire() }
    }

    private func rebuildBalancer() {
        let members = endpoints.enumerated().map { index, endpoint in
            endpoint.index = index
            return Balancer.Member(identity: endpoint.identity, weight: endpoint.weight)
        }
        var fresh = Balancer(
            members: members,
            policy: Balancer.Policy(settings.balance),
            ejection: settings.ejection,
            seed: worker.random.next()
        )
        fresh.adopt(from: balancer)
        balancer = fresh
        for (index, endpoint) in endpoints.enumerated() where unhealthy.contains(endpoint.identity) {
            balancer.setHealth(index, healthy: false, now: worker.now)
        }
    }

    /// The active checks' verdict on an endpoint.
    public func setHealth(of identity: UInt64, isHealthy: Bool) {
        if isHealthy { unhealthy.remove(identity) } else { unhealthy.insert(identity) }
        for (index, endpoint) in endpoints.enumerated() where endpoint.identity == identity {
            balancer.setHealth(index, healthy: isHealthy, now: worker.now)
        }
    }

    /// Without active checks nobody would take a verdict back.
    private func forgetVerdicts() {
        for identity in unhealthy { setHealth(of: identity, isHealthy: true) }
    }

    /// The backend is gone from the model: what is in flight is finished, everything else is closed.
    public func retire() {
        for endpoint in endpoints { endpoint.retire() }
        endpoints = []
        rebuildBalancer()
    }

    // MARK: For calls

    /// Whether any address of the backend is known.
    var isResolved: Bool { !endpoints.isEmpty }

    /// Whether the circuit would let another attempt through.
    func mayTryAgain(now: UInt64) -> Bool { breaker?.wouldAdmit(now: now) != false }

    /// Chooses the target of an attempt. One that is full, by its pool or its limit of requests in flight, leaves it to the others.
    /// - Parameter opensWebSocket: whether the request is a WebSocket handshake.
    func begin(
        for exchange: Exchange,
        now: UInt64,
        tried: TargetSet,
        opensWebSocket: Bool = false
    ) throws(BackendFailure) -> Attempt {
        guard isResolved else { throw .unresolved }
        if let breaker, !breaker.wouldAdmit(now: now) { throw .circuitOpen(breaker.retryAfter(now: now)) }
        let key = keyHash(exchange)
        var full: BackendFailure?
        defer { if full != nil { balancer.endPassingOver() } }
        while let index = balancer.choose(now: now, keyHash: key, excluding: tried) {
            let endpoint = endpoints[index]
            if endpoint.pool.isFull {
                full = .poolFull
            } else if opensWebSocket, let refusal = endpoint.tunnelRefusal {
                full = refusal
            } else if !endpoint.enter() {
                full = .targetBusy
                endpoint.totals.busy += 1
            } else {
                balancer.began(index)
                return Attempt(endpoint: endpoint, inFlight: endpoint.inFlight, pass: breaker?.admit(now: now))
            }
            balancer.passOver(index)
        }
        throw full ?? .noTarget
    }

    /// An attempt is over.
    func ended(_ attempt: Attempt, _ outcome: CircuitBreaker.Outcome, now: UInt64) {
        let endpoint = attempt.endpoint
        attempt.inFlight?.leave()
        if let pass = attempt.pass { ended(pass, outcome, now: now) }
        if outcome == .failure { endpoint.totals.failures += 1 }
        guard let index = endpoint.index else { return }
        balancer.ended(index)
        switch outcome {
        case .success:
            balancer.succeeded(index, now: now)
            if endpoint.isToldEjected { tellReturn(of: endpoint, at: index, now: now) }
        case .failure: if balancer.failed(index, now: now) { tellEjection(of: endpoint) }
        case .unknown: break
        }
    }

    private func ended(_ pass: CircuitBreaker.Pass, _ outcome: CircuitBreaker.Outcome, now: UInt64) {
        let former = breaker?.position(now: now)
        if breaker?.ended(pass, outcome, now: now) == true {
            timesOpened += 1
            let cause = former == .halfOpen ? "a probe has failed" : "too many attempts fail"
            report(UpstreamTrouble(backend: name, reason: "\(cause), the circuit is open"))
        } else if former == .halfOpen, breaker?.position(now: now) == .closed {
            report(UpstreamTrouble(backend: name, reason: "the probes succeed, the circuit is closed", isOver: true))
        }
    }

    private func tellEjection(of endpoint: Endpoint) {
        endpoint.totals.ejections += 1
        endpoint.isToldEjected = true
        let reason = "\(settings.ejection.failures) failures in a row, the target is left out"
        report(UpstreamTrouble(backend: name, target: endpoint.name, reason: reason))
    }

    private func tellReturn(of endpoint: Endpoint, at index: Int, now: UInt64) {
        // Answers to requests from before the ejection bring nobody back.
        guard !balancer.status(of: index, now: now).isEjected else { return }
        endpoint.isToldEjected = false
        let reason = "the target answers again"
        report(UpstreamTrouble(backend: name, target: endpoint.name, reason: reason, isOver: true))
    }

    /// An attempt has become a WebSocket connection. It is no request in flight any more, but keeps its target as busy as one.
    func tunnelBegan(_ endpoint: Endpoint) {
        endpoint.tunnels += 1
        if let index = endpoint.index { balancer.began(index) }
    }

    /// A WebSocket connection is over.
    func tunnelEnded(_ endpoint: Endpoint) {
        endpoint.tunnels -= 1
        if let index = endpoint.index { balancer.ended(index) }
    }

    private func keyHash(_ exchange: Exchange) -> UInt64 {
        guard case .hash(let key) = settings.balance else { return 0 }
        switch key {
        case .clientAddress: return exchange.clientAddress.withBytes { Balancer.stableHash(of: $0) }
        case .path:
            let path = exchange.path
            return Balancer.stableHash(of: path.buffer.readableBytesUInt8Span.extracting(path.range.range))
        case .header(let name):
            guard let value = exchange.request.value(ofField: name) else { return 0 }
            let bytes = exchange.request.bytes
            return Balancer.stableHash(of: bytes.readableBytesUInt8Span.extracting(value.range))
        }
    }

    // MARK: For metrics

    /// Whether its certificates are not verified.
    public var trustsAnybody: Bool { settings.trustsAnybody }

    /// What the endpoints are doing.
    public func status() -> [EndpointStatus] {
        endpoints.enumerated().map { index, endpoint in
            let standing = balancer.status(of: index, now: worker.now)
            return EndpointStatus(
                name: endpoint.name,
                active: standing.active,
                open: endpoint.pool.openCount + endpoint.streams.openCount,
                idle: endpoint.pool.idleCount + endpoint.streams.idleCount,
                waiting: endpoint.pool.waitingCount + endpoint.streams.waitingCount,
                isHealthy: standing.isHealthy,
                ejected: standing.isEjected ? 1 : 0,
                totals: endpoint.totals
            )
        }
    }

    /// How the circuit stands; `nil` without a breaker.
    public func circuit() -> CircuitStatus? {
        guard let position = breaker?.position(now: worker.now) else { return nil }
        return CircuitStatus(
            open: position == .open ? 1 : 0,
            halfOpen: position == .halfOpen ? 1 : 0,
            timesOpened: timesOpened
        )
    }
}
