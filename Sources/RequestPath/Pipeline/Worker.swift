public import Exchange
public import Integrations
public import Listen
import Model
public import NIOCore

/// One event loop's share of the gateway: client connections, backend connections, log buffer and counters. Nothing of it is touched from
/// another thread; `RequestPath.swift` says what it does with a request.
public final class Worker {
    /// What the worker lends to what runs on its loop.
    public let context: WorkerContext
    /// The sockets and client connections; `nil` only while the worker is being made.
    public private(set) var server: ClientServer?
    private(set) var snapshot: Snapshot
    let calls: ProxyCalls
    private(set) var upstreams: ContiguousArray<Upstream> = []
    /// What the path policy said of the path being routed.
    var hasEncodedSlash = false
    private let workers: Int

    /// Makes a worker that serves a snapshot.
    /// - Parameters:
    ///   - workers: how many workers there are in all.
    ///   - seed: should differ between workers.
    public init(_ snapshot: Snapshot, targets: TargetDirectory, on eventLoop: any EventLoop, workers: Int, seed: UInt64) {
        context = WorkerContext(eventLoop: eventLoop, seed: seed)
        self.snapshot = snapshot
        self.workers = workers
        calls = ProxyCalls(worker: context)
        server = ClientServer(worker: context, handler: self, settings: Self.settings(snapshot, context))
        applyBackends(targets)
    }

    private static func settings(_ snapshot: Snapshot, _ context: WorkerContext) -> ClientSettings {
        ClientSettings(
            limits: snapshot.model.limits,
            trustedProxies: snapshot.model.trustedProxies,
            names: context.fieldNames
        )
    }

    /// Serves another snapshot from the next request on. Calls in flight end as they began.
    public func adopt(_ snapshot: Snapshot, targets: TargetDirectory) {
        self.snapshot = snapshot
        server?.settings = Self.settings(snapshot, context)
        applyBackends(targets)
    }

    /// Takes over new addresses of backends.
    public func applyBackends(_ targets: TargetDirectory) {
        var known: [String: Upstream] = [:]
        for upstream in upstreams { known[upstream.name] = upstream }
        upstreams = []
        for backend in snapshot.model.backends {
            let upstream = known.removeValue(forKey: backend.name)
                ?? Upstream(backend, worker: context, workers: workers)
            upstream.apply(backend, targets: targets.addresses(of: backend))
            upstreams.append(upstream)
        }
        for upstream in known.values { upstream.retire() }
    }

    /// The active checks' verdict on an endpoint.
    public func setHealth(of identity: UInt64, backend: String, isHealthy: Bool) {
        for upstream in upstreams where upstream.name == backend {
            upstream.setHealth(of: identity, isHealthy: isHealthy)
        }
    }

    /// Phase 5 of the way of a request.
    func observe(_ exchange: Exchange) {}

    /// Stops what the worker keeps running on its loop.
    public func stop() {
        for upstream in upstreams { upstream.retire() }
        context.deadlines.stop()
        server = nil
    }
}
