import Authorization
import Exchange
import Integrations
import Listen
import Model
import NIOCore
import Observation
import Throttling

/// One event loop's share of the gateway: client connections, backend connections, log buffer and counters. Nothing of it is
/// touched from another thread; `RequestPath.swift` says what it does with a request.
final class Worker {
    /// What the worker lends to what runs on its loop.
    let context: WorkerContext
    /// The sockets and client connections; `nil` before `init` has ended and after `stop`.
    private(set) var server: ClientServer?
    private(set) var snapshot: Snapshot
    private(set) var upstreams: ContiguousArray<Upstream> = []
    private(set) var backendTables = BackendTables.none
    let calls: ProxyCalls
    let metrics: Metrics
    let admission: RequestAdmission
    private let inFlight: RequestsInFlight
    private(set) var accessLog: AccessLogBuffer?
    /// What the path policy said of the path being routed.
    var hasEncodedSlash = false
    private let workers: Int
    private let inFlightToTargets: InFlightCounts
    private let report: UpstreamReport
    private var tidying: Scheduled<Void>?

    /// How often what was kept for a next use, and not needed, is let go of.
    private static let tidyingInterval = TimeAmount.seconds(10)

    /// Makes a worker.
    /// - Parameters:
    ///   - publication: what it serves.
    ///   - workers: how many workers there are in all.
    ///   - openInAllWorkers: counts the client connections of all of them.
    ///   - inFlightToTargets: counts their requests in flight to targets that limit them.
    ///   - inFlight: counts the requests of all of them.
    ///   - seed: should differ between workers.
    ///   - report: is told of backends' troubles.
    init(
        _ publication: Publication,
        on eventLoop: any EventLoop,
        workers: Int,
        openInAllWorkers: ConnectionCount = ConnectionCount(),
        inFlightToTargets: InFlightCounts = InFlightCounts(),
        inFlight: RequestsInFlight = RequestsInFlight(),
        seed: UInt64,
        report: @escaping UpstreamReport = { _ in }
    ) {
        self.report = report
        context = WorkerContext(eventLoop: eventLoop, seed: seed)
        snapshot = publication.snapshot
        self.workers = workers
        self.inFlightToTargets = inFlightToTargets
        calls = ProxyCalls(worker: context)
        metrics = Metrics(snapshot.metricsLayout, revision: snapshot.revision)
        self.inFlight = inFlight
        admission = RequestAdmission(eventLoop: eventLoop, inFlight: inFlight)
        admission.apply(snapshot.model.limits)
        server = ClientServer(
            worker: context,
            handler: self,
            settings: clientSettings(),
            openInAllWorkers: openInAllWorkers
        )
        applyBackends(publication.targets)
        applyAccessLog(publication.accessLog)
        if let customers = publication.customers { context.adopt(customers) }
        adopt(publication.backendTables)
    }

    /// Serves another snapshot from the next request on. Calls in flight end as they began.
    func adopt(_ publication: Publication) {
        snapshot = publication.snapshot
        server?.settings = clientSettings()
        server?.apply(snapshot.listeners)
        admission.apply(snapshot.model.limits)
        let memories = snapshot.authorization.memories.union(snapshot.limits.memories)
        context.forgetMemories(except: memories.union([WorkerContext.liveCustomersKey]))
        metrics.adopt(snapshot.metricsLayout, revision: snapshot.revision)
        applyBackends(publication.targets)
        applyAccessLog(publication.accessLog)
        if let customers = publication.customers { context.adopt(customers) }
        adopt(publication.backendTables)
    }

    /// Looks customers' backends up in these tables from the next call on, unless they are older than those that are there: changes and
    /// reloads overtake each other.
    func adopt(_ tables: BackendTables) {
        if tables.number >= backendTables.number { backendTables = tables }
    }

    private func clientSettings() -> ClientSettings {
        ClientSettings(
            limits: snapshot.model.limits,
            trustedProxies: snapshot.model.trustedProxies,
            names: context.fieldNames,
            connections: DescriptorLimit.connections(forDescriptors: DescriptorLimit.current)
        )
    }

    /// What is admitted and refused, for metrics.
    var admissionStatus: AdmissionStatus {
        AdmissionStatus(
            connectionLimit: server?.settings.connectionLimit ?? 0,
            shedding: admission.status,
            requestsInFlight: snapshot.model.limits.requests == nil ? nil : inFlight.current
        )
    }

    /// Takes over the snapshot's backends and new addresses of them.
    func applyBackends(_ targets: TargetDirectory) {
        var known: [String: Upstream] = [:]
        for upstream in upstreams { known[upstream.name] = upstream }
        upstreams = []
        for plan in snapshot.backends {
            let upstream =
                known.removeValue(forKey: plan.settings.name)
                ?? Upstream(
                    plan,
                    worker: context,
                    workers: workers,
                    inFlight: inFlightToTargets,
                    report: report
                )
            upstream.apply(plan, targets: targets.addresses(of: plan.settings))
            upstreams.append(upstream)
        }
        for upstream in known.values { upstream.retire() }
    }

    private func applyAccessLog(_ writer: AccessLogWriter?) {
        accessLog?.flush()
        guard let writer, let settings = snapshot.model.accessLog, let format = snapshot.accessLogFormat else {
            accessLog = nil
            return
        }
        accessLog = AccessLogBuffer(format: format, settings: settings, writer: writer, eventLoop: context.eventLoop)
    }

    /// The active checks' verdict on an endpoint.
    func setHealth(of identity: UInt64, backend: String, isHealthy: Bool) {
        for upstream in upstreams where upstream.name == backend {
            upstream.setHealth(of: identity, isHealthy: isHealthy)
        }
    }

    /// Begins to let go, again and again, of what was needed in a rush and is needed no longer.
    func beginTidying() {
        tidying = context.eventLoop.assumeIsolated().scheduleTask(in: Self.tidyingInterval) { [weak self] in
            self?.tidy()
        }
    }

    private func tidy() {
        beginTidying()
        context.letGoOfSpares()
        calls.letGoOfSpares()
        server?.letGoOfSpares()
    }

    /// Stops what the worker keeps running on its loop, and hands over its last log lines.
    func stop() {
        tidying?.cancel()
        for upstream in upstreams { upstream.retire() }
        accessLog?.flush()
        admission.stop()
        context.stop()
        server = nil
    }
}
