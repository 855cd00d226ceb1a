import Exchange
import Model
import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL

/// One attempt to open a connection to an endpoint: TCP, then TLS where the target asks for it, then the protocol.
///
/// Confined to the worker's loop. It tells the endpoint once how it ended.
final class ConnectionOpening {
    /// What a finished attempt has brought about.
    typealias Outcome = Result<Carrier, BackendFailure>

    /// A connection of the protocol that the target speaks.
    enum Carrier {
        case http1(UpstreamConnection)
        case http2(UpstreamHTTP2Connection)
    }

    private let endpoint: Endpoint
    private let tls: UpstreamTLS?
    private let mayChoose: Bool
    private let worker: WorkerContext
    private let limit: UInt64
    /// Without TLS it is there from the start.
    private var carrier: Carrier?
    private var completion: ((Outcome) -> Void)?

    /// - Parameters:
    ///   - mayChoose: whether a target that may choose HTTP/2 is let to.
    ///   - limit: how long TCP and TLS may each take, in nanoseconds.
    ///   - completion: is told how it ended.
    init(
        to endpoint: Endpoint,
        tls: UpstreamTLS?,
        mayChoose: Bool,
        worker: WorkerContext,
        limit: UInt64,
        completion: @escaping (Outcome) -> Void
    ) {
        self.endpoint = endpoint
        self.tls = endpoint.target.scheme.isSecure ? tls : nil
        self.mayChoose = mayChoose
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
        guard !worker.hasReservedDescriptor(channel) else { throw BackendFailure.noDescriptor }
        let pipeline = channel.pipeline.syncOperations
        guard let tls else {
            carrier = try install(in: pipeline, http2: endpoint.target.scheme == .h2c)
            return
        }
        try pipeline.addHandler(CiphertextBuffers(worker: worker))
        try pipeline.addHandler(tls.handler(for: endpoint.target, mayChoose: mayChoose))
        let handshake = UpstreamHandshake(worker: worker, limit: limit) { [self] context, result in
            handshakeEnded(result, context)
        }
        try pipeline.addHandler(handshake)
    }

    private func connected(_ result: Result<any Channel, any Error>) {
        switch result {
        case .success:
            guard let carrier else { return }
            guard case .http2 = carrier else { return end(.success(carrier)) }
            // NIO's handler speaks once it was told that the channel is active, which happens right after this.
            worker.eventLoop.assumeIsolated().execute { [self] in end(.success(carrier)) }
        case .failure(let error): end(.failure(BackendFailure(connecting: error)))
        }
    }

    // MARK: TLS

    private func handshakeEnded(_ result: Result<String?, HandshakeFailure>, _ context: ChannelHandlerContext) {
        switch result {
        case .success(let chosen):
            guard chosen == "h2" || endpoint.target.scheme != .h2 else {
                end(.failure(.tlsFailed(HandshakeFailure("the server does not offer HTTP/2 (ALPN h2)"))))
                context.close(promise: nil)
                return
            }
            do {
                end(.success(try install(in: context.pipeline.syncOperations, http2: chosen == "h2")))
            } catch {
                end(.failure(.connectFailed))
                context.close(promise: nil)
            }
        case .failure(let failure): end(.failure(.tlsFailed(failure)))
        }
    }

    // MARK: The protocol

    private func install(in pipeline: ChannelPipeline.SynchronousOperations, http2: Bool) throws -> Carrier {
        let isSecure = tls != nil
        guard http2 else {
            let connection = UpstreamConnection(
                endpoint: endpoint,
                parser: endpoint.parser,
                worker: worker,
                isSecure: isSecure
            )
            try pipeline.addHandler(connection)
            return .http1(connection)
        }
        let connection = UpstreamHTTP2Connection(
            endpoint: endpoint,
            parser: endpoint.parser,
            worker: worker,
            isSecure: isSecure
        )
        let frames = NIOHTTP2Handler(
            mode: .client,
            frameDelegate: connection,
            connectionConfiguration: UpstreamHTTP2Settings.connection,
            streamConfiguration: UpstreamHTTP2Settings.stream
        )
        try pipeline.addHandler(frames)
        try pipeline.addHandler(connection)
        return .http2(connection)
    }
}
