public import Exchange
import Model
import NIOCore
import Selection

/// One backend as one worker sees it: its endpoints with their connections, the balancer, and the retry budget.
///
/// It outlives reloads: `apply` changes what has changed and keeps the rest, so that a reload neither drops connections nor
/// forgets who is ill. Confined to the worker's loop.
public final class Upstream {
    /// The backend's name.
    public let name: String

    private(set) var settings: Backend
    private var tls: UpstreamTLS?
    var retries: RetryBudget
    private let worker: WorkerContext
    private var endpoints: ContiguousArray<Endpoint> = []
    private var balancer: Balancer
    private var unhealthy: Set<UInt64> = []
    private let workers: Int
    private let report: UpstreamReport

    /// Makes an upstream without endpoints.
    /// - Parameters:
    ///   - workers: how many workers share the backend; its retry floor is divided among them.
    ///   - report: is told of troubles that no request's line in the access log explains.
    public init(_ plan: BackendPlan, worker: WorkerContext, workers: Int, report: @escaping UpstreamReport = { _ in }) {
        name = plan.settings.name
        settings = plan.settings
        tls = plan.tls
        self.report = report
        self.worker = worker
        self.workers = workers
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
        let isSame =
            !poolChanged && endpoints.map(\.identity) == targets.map(\.identity)
            && settings.targets == self.settings.targets && settings.balance == self.settings.balance
            && settings.ejection == self.settings.ejection && plan.tls === tls && !endpoints.isEmpty
        self.settings = settings
        tls = plan.tls
        if settings.health == nil { forgetVerdicts() }
        if isSame { return }
        var known: [UInt64: Endpoint] = [:]
        for endpoint in endpoints { known[endpoint.identity] = endpoint }
        let old = endpoints
        endpoints = []
        var seen: Set<UInt64> = []
        for target in targets where seen.insert(target.identity).inserted {
            if let endpoint = known[target.identity] {
                endpoint.apply(target, plan: plan)
                endpoints.append(endpoint)
            } else {
                endpoints.append(Endpoint(target, plan: plan, worker: worker, report: report))
            }
        }
        for endpoint in old { endpoint.index = nil }
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

    func choose(for exchange: Exchange, now: UInt64, tried: TargetSet) -> Endpoint? {
        guard let index = balancer.choose(now: now, keyHash: keyHash(exchange), excluding: tried) else { return nil }
        return endpoints[index]
    }

    func began(_ endpoint: Endpoint) {
        if let index = endpoint.index { balancer.began(index) }
    }

    /// An attempt is over.
    /// - Parameters:
    ///   - failure: what the backend is to blame for, if anything.
    ///   - now: `nil` when the attempt tells nothing about the endpoint, since the client ended it.
    func ended(_ endpoint: Endpoint, failure: BackendFailure?, now: UInt64?) {
        guard let index = endpoint.index else { return }
        balancer.ended(index)
        guard let now else { return }
        switch failure {
        case nil: balancer.succeeded(index, now: now)
        case .status(let status) where !(502...504).contains(status): balancer.succeeded(index, now: now)
        case .noTarget, .unresolved, .poolFull, .poolTimeout: break
        case .connectFailed, .connectTimeout, .tlsFailed, .reset, .malformed, .timeout, .status:
            endpoint.failures += 1
            _ = balancer.failed(index, now: now)
        }
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
                open: endpoint.pool.openCount,
                idle: endpoint.pool.idleCount,
                waiting: endpoint.pool.waitingCount,
                isHealthy: standing.isHealthy,
                ejections: standing.isEjected ? 1 : 0,
                failures: endpoint.failures
            )
        }
    }
}

/// What one endpoint is doing, in one worker or in all.
public struct EndpointStatus: Sendable, Hashable {
    /// `host:port`, with the address when the host is a name.
    public var name: String
    /// Requests in flight.
    public var active: Int
    /// Connections that are open or being opened.
    public var open: Int
    /// Connections at rest.
    public var idle: Int
    /// Requests in line for a connection.
    public var waiting: Int
    /// The active checks' verdict.
    public var isHealthy: Bool
    /// Workers in which passive ejection leaves it out.
    public var ejections: Int
    /// Attempts that it failed.
    public var failures: Int

    /// Adds what another worker knows of the same endpoint.
    public mutating func add(_ other: EndpointStatus) {
        active += other.active
        open += other.open
        idle += other.idle
        waiting += other.waiting
        isHealthy = isHealthy && other.isHealthy
        ejections += other.ejections
        failures += other.failures
    }
}
