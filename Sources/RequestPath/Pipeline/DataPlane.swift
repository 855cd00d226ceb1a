public import Integrations
import Listen
public import Model
public import NIOCore
import NIOPosix

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
    public static func start(_ snapshot: Snapshot, targets: TargetDirectory, threads: Int) async throws -> DataPlane {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        var workers: [NIOLoopBound<Worker>] = []
        for _ in 0..<threads {
            let loop = group.next()
            let seed = UInt64.random(in: .min ... .max)
            let worker = try await loop.submit {
                let worker = Worker(snapshot, targets: targets, on: loop, workers: threads, seed: seed)
                return NIOLoopBound(worker, eventLoop: loop)
            }.get()
            workers.append(worker)
        }
        return DataPlane(group: group, workers: workers)
    }

    /// The number of workers.
    public var threads: Int { workers.count }

    /// The loops, for what else has to run beside the workers (active health checks).
    public var eventLoops: any EventLoopGroup { group }

    /// Starts to accept on every listener, in every worker.
    /// - Returns: the bound addresses, in the order of the listeners.
    public func listen(on listeners: [Listener]) async throws -> [SocketAddress] {
        var bound: [SocketAddress] = []
        for listener in listeners {
            var port = listener.port
            for worker in workers {
                let chosen = port
                let address = try await worker.eventLoop.flatSubmit { () -> EventLoopFuture<SocketAddress?> in
                    guard let server = worker.value.server else {
                        return worker.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
                    }
                    return server.listen(address: listener.address, port: chosen)
                }.get()
                guard let address else { continue }
                if port == 0 || worker.eventLoop === workers[0].eventLoop { bound.append(address) }
                port = address.port ?? port
            }
        }
        return bound
    }

    /// Changes every worker over to another snapshot.
    /// - Returns: when the last one has changed over.
    public func publish(_ snapshot: Snapshot, targets: TargetDirectory) async throws {
        try await forEach { $0.adopt(snapshot, targets: targets) }
    }

    /// Tells every worker of changed addresses.
    public func update(_ targets: TargetDirectory) async throws {
        try await forEach { $0.applyBackends(targets) }
    }

    /// Tells every worker of an active check's verdict.
    public func setHealth(of identity: UInt64, backend: String, isHealthy: Bool) async throws {
        try await forEach { $0.setHealth(of: identity, backend: backend, isHealthy: isHealthy) }
    }

    /// Runs `body` on every worker's loop, and collects what it answers.
    public func collect<Value: Sendable>(_ body: @escaping @Sendable (Worker) -> Value) async throws -> [Value] {
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
        let limit = TimeAmount.nanoseconds(Int64(clamping: limit.components.seconds * 1_000_000_000))
        let drained = workers.map { worker in
            worker.eventLoop.flatSubmit {
                guard let server = worker.value.server else { return worker.eventLoop.makeSucceededVoidFuture() }
                worker.eventLoop.scheduleTask(in: limit) { worker.value.server?.closeAll() }
                return server.drain()
            }
        }
        for future in drained { try await future.get() }
    }

    /// Ends the workers and their threads.
    public func stop() async throws {
        try await forEach { $0.stop() }
        try await group.shutdownGracefully()
    }
}
