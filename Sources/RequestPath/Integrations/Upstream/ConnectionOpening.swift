import Exchange
import Model
import NIOCore
import NIOPosix
import NIOSSL

/// One attempt to open a connection to an endpoint: TCP, then TLS where the target asks for it, then the protocol.
///
/// Confined to the worker's loop. It tells the endpoint once how it ended.
final class ConnectionOpening {
    /// What a finished attempt has brought about.
    typealias Outcome = Result<UpstreamConnection, BackendFailure>

    private let endpoint: Endpoint
    private let tls: UpstreamTLS?
    private let worker: WorkerContext
    private let limit: UInt64
    /// Without TLS it is there from the start.
    private var connection: UpstreamConnection?
    private var completion: ((Outcome) -> Void)?

    /// - Parameters:
    ///   - limit: how long TCP and TLS may each take, in nanoseconds.
    ///   - completion: is told how it ended.
    init(
        to endpoint: Endpoint,
        tls: UpstreamTLS?,
        worker: WorkerContext,
        limit: UInt64,
        completion: @escaping (Outcome) -> Void
    ) {
        self.endpoint = endpoint
        self.tls = endpoint.target.scheme.isSecure ? tls : nil
        self.worker = worker
        self.limit = limit
        self.completion = completion
    }

    func start() {
        let opening = NIOLoopBound(self, eventLoop: worker.eventLoop)
        let buffers = NIOLoopBound(worker.readBuffers, eventLoop: worker.eventLoop)
        ClientBootstrap(group: worker.eventLoop)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: ReceiveAllocator(buffers))
            .connectTimeout(.nanoseconds(Int64(clamping: limit)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try opening.value.initialize(channel) }
            }
            .connect(to: endpoint.address)
            .assumeIsolated()
            .whenComplete { opening.value.connected($0) }
    }

    private func end(_ outcome: Outcome) {
        let completion = completion
        self.completion = nil
        completion?(outcome)
    }

    // MARK: TCP

    private func initialize(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        guard let tls else {
            connection = try install(in: pipeline)
            return
        }
        try pipeline.addHandler(CiphertextBuffers(worker: worker))
        try pipeline.addHandler(tls.handler(for: endpoint.target))
        try pipeline.addHandler(
            UpstreamHandshake(worker: worker, limit: limit) { [self] context, result in handshakeEnded(result, context)
            }
        )
    }

    private func connected(_ result: Result<any Channel, any Error>) {
        switch result {
        case .success: if let connection { end(.success(connection)) }
        case .failure(let error): end(.failure(BackendFailure(connecting: error)))
        }
    }

    // MARK: TLS

    private func handshakeEnded(_ result: Result<String?, HandshakeFailure>, _ context: ChannelHandlerContext) {
        switch result {
        case .success:
            do {
                end(.success(try install(in: context.pipeline.syncOperations)))
            } catch {
                end(.failure(.connectFailed))
            }
        case .failure(let failure): end(.failure(.tlsFailed(failure)))
        }
    }

    // MARK: The protocol

    private func install(in pipeline: ChannelPipeline.SynchronousOperations) throws -> UpstreamConnection {
        let connection = UpstreamConnection(
            endpoint: endpoint,
            parser: endpoint.parser,
            worker: worker,
            isSecure: tls != nil
        )
        try pipeline.addHandler(connection)
        return connection
    }
}
