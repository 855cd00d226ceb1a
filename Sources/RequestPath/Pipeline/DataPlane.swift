public import Authorization
public import Integrations
public import Listen
public import Model
public import NIOCore
import NIOPosix
public import Observation

/// All workers together: one event loop each, one snapshot for all.
///
/// Everything here runs off the way of a request; the workers are only ever touched on their own loops.
public final class DataPlane: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let workers: [NIOLoopBound<Worker>]

    private init(group: MultiThreadedEventLoopGroup, workers: [NIOLoopBound<Worker>]) {
        self.group = group
        self.workers = workers
    }

    /// Starts the workers. They accept nothing before `listen`.
    /// - Parameter report: is told of backends' troubles, on the workers' loops.
    public static func start(
        _ publication: Publication,
        threads: Int,
        report: @escaping UpstreamReport = { _ in }
    ) async throws -> DataPlane {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let connections = ConnectionCount()
        let inFlightToTargets = InFlightCounts()
        let inFlight = RequestsInFlight()
        var workers: [NIOLoopBound<Worker>] = []
        for _ in 0..<threads {
            let loop = group.next()
            let seed = UInt64.random(in: .min ... .max)
            let made = try await loop.submit {
                let worker = Worker(
                    publication,
                    on: loop,
                    workers: threads,
                    openInAllWorkers: connections,
                    inFlightToTargets: inFlightToTargets,
                    inFlight: inFlight,
                    seed: seed,
                    report: report
                )
                worker.beginTidying()
                return NIOLoopBound(worker, eventLoop: loop)
            }.get()
            workers.append(made)
        }
        return DataPlane(group: group, workers: workers)
    }

    /// The number of workers.
    public var threads: Int { workers.count }

    /// The loops, for what else has to run beside the workers (active health checks).
    public var eventLoops: any EventLoopGroup { group }

    // MARK: Sockets

    /// Starts to accept on a listener, in every worker.
    /// - Returns: the bound address.
    /// - Throws: when a worker can't bind; none of them listens then.
    public func listen(_ plan: ListenerPlan) async throws -> SocketAddress? {
        var bound: SocketAddress?
        do {
            for worker in workers {
                // Port 0 is chosen by the first worker, for all.
                let port = bound?.port ?? plan.listener.port
                let address = try await worker.eventLoop.flatSubmit { () -> EventLoopFuture<SocketAddress?> in
                    guard let server = worker.value.server else {
                        return worker.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
                    }
                    return server.listen(plan, port: port)
                }.get()
                bound = bound ?? address
            }
        } catch {
            try await stopListening(on: plan.listener.socket)
            throw error
        }
        return bound
    }

    /// Stops to accept on a socket. Open connections go on.
    public func stopListening(on socket: Listener.Socket) async throws {
        try await forEach { $0.server?.stopListening(on: socket) }
    }

    // MARK: Changes

    /// Changes every worker over to another snapshot.
    /// - Returns: when the last one has changed over.
    public func publish(_ publication: Publication) async throws {
        try await forEach { $0.adopt(publication) }
    }

    /// Tells every worker of changed addresses.
    public func update(_ targets: TargetDirectory) async throws {
        try await forEach { $0.applyBackends(targets) }
    }

    /// Tells every worker of changed customers.
    /// - Returns: when the last one knows them.
    public func update(_ customers: CustomerTable) async throws {
        try await forEach { $0.context.adopt(customers) }
    }

    /// Tells every worker of changed tables of backends.
    /// - Returns: when the last one looks customers' backends up in them.
    public func update(_ tables: BackendTables) async throws {
        try await forEach { $0.adopt(tables) }
    }

    /// Tells every worker of an active check's verdict.
    public func setHealth(of identity: UInt64, backend: String, isHealthy: Bool) async throws {
        try await forEach { $0.setHealth(of: identity, backend: backend, isHealthy: isHealthy) }
    }

    // MARK: What it tells

    /// The revision that each worker serves.
    public func revisions() async throws -> [Int] { try await collect { $0.snapshot.revision } }

    /// The metrics of all workers together.
    public func metricFamilies() async throws -> [MetricFamily] {
        let parts = try await collect { worker in
            (worker.metrics.snapshot(), worker.upstreams.map(BackendStatus.init))
        }
        let calls = MetricsSnapshot.merged(parts.map(\.0))?.families ?? []
        let admission = AdmissionStatus.families(try await collect(\.admissionStatus))
        return calls + admission + BackendStatus.families(parts.flatMap(\.1))
    }

    private func collect<Value: Sendable>(_ body: @escaping @Sendable (Worker) -> Value) async throws -> [Value] {
        var values: [Value] = []
        for worker in workers {
            values.append(try await worker.eventLoop.submit { body(worker.value) }.get())
        }
        return values
    }

    private func forEach(_ body: @escaping @Sendable (Worker) -> Void) async throws {
        _ = try await collect(body)
    }

    // MARK: Stopping

    /// Stops accepting and waits for the calls in flight, but not longer than `limit`; then closes what is left.
    public func drain(within limit: Duration) async throws {
        try await leaveNewConnectionsToOthers()
        let limit = TimeAmount(limit)
        let drained = workers.map { worker in
            worker.eventLoop.flatSubmit { () -> EventLoopFuture<Void> in
                guard let server = worker.value.server else { return worker.eventLoop.makeSucceededVoidFuture() }
                worker.eventLoop.scheduleTask(in: limit) { worker.value.server?.closeAll() }
                return server.drain()
            }
        }
        for future in drained { try await future.get() }
    }

    private func leaveNewConnectionsToOthers() async throws {
        let own = Set(try await collect { $0.server?.listeningInodes ?? [] }.joined())
        guard ListenerTable.isShared(own) else { return }
        try await forEach { $0.server?.refuseHandshakes() }
        try await Task.sleep(for: ListenerTable.handshakeTime)
    }

    /// Ends the workers and their threads.
    public func stop() async throws {
        try await forEach { $0.stop() }
        try await group.shutdownGracefully()
    }
}
