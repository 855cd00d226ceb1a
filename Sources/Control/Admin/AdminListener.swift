import HTTPTypes
import HummingbirdCore
public import Logging
public import Model
public import NIOCore
import NIOPosix

/// The operator's listener: liveness, readiness, metrics and what is served, over HTTP/1.1 on a thread of its own.
///
/// ```swift
/// let admin = try await AdminListener.start(address: "127.0.0.1", port: 8081, status: gateway, logger: logger)
/// …
/// await admin.stop()
/// ```
public final class AdminListener: Sendable {
    /// Where it listens; with the port that the system chose when 0 was asked for.
    public let address: SocketAddress
    private let server: Server<HTTP1Channel>
    private let running: Task<Void, Never>
    private let group: MultiThreadedEventLoopGroup

    /// Starts to answer.
    /// - Parameters:
    ///   - address: a numeric address. Anything but loopback tells the network about traffic.
    ///   - port: 0 lets the system choose.
    ///   - token: what `/metrics` and `/snapshot` ask for as a bearer token; `nil` asks for nothing.
    ///   - status: whom to ask.
    ///   - management: answers AWS's tools; `nil` for nobody.
    ///   - logger: for what goes wrong with connections.
    /// - Throws: an `IOError` with what the system says when the port can't be opened.
    public static func start(
        address: String,
        port: Int,
        token: Secret? = nil,
        status: any GatewayStatus,
        management: ManagementResponder? = nil,
        logger: Logger
    ) async throws -> AdminListener {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (bound, binding) = AsyncThrowingStream.makeStream(of: SocketAddress.self)
        let server = Server(
            childChannelSetup: HTTP1Channel(
                responder: { request, writer, channel in
                    guard let address = channel.localAddress else { return }
                    let responder = AdminResponder(
                        status: status,
                        hosts: AdminHosts(of: address),
                        token: token,
                        management: management
                    )
                    try await respond(to: request, writer, by: responder)
                },
                configuration: limits
            ),
            configuration: ServerConfiguration(
                address: .hostname(address, port: port),
                backlog: connections,
                availableConnectionsDelegate: .maximum(connections, logger: logger)
            ),
            onServerRunning: { channel in
                if let address = channel.localAddress { binding.yield(address) }
                binding.finish()
            },
            eventLoopGroup: group,
            logger: quiet(logger)
        )
        let running = Task {
            do { try await server.run() } catch { binding.finish(throwing: error) }
        }
        do {
            for try await address in bound {
                return AdminListener(address: address, server: server, running: running, group: group)
            }
            throw ChannelError.eof
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private init(
        address: SocketAddress,
        server: Server<HTTP1Channel>,
        running: Task<Void, Never>,
        group: MultiThreadedEventLoopGroup
    ) {
        self.address = address
        self.server = server
        self.running = running
        self.group = group
    }

    /// Stops to listen, ends what is being answered, and closes the connections.
    public func stop() async {
        try? await server.shutdownGracefully()
        await running.value
        try? await group.shutdownGracefully()
    }

    // MARK: Answering

    @concurrent private static func respond(
        to request: Request,
        _ writer: consuming ResponseWriter,
        by responder: AdminResponder
    ) async throws {
        let answer = await responder.answer(to: request.head) { mostBytes in
            let body = try await request.body.collect(upTo: mostBytes)
            return Array(body.readableBytesView)
        }
        let response = HTTPResponse(status: answer.status, headerFields: answer.fields)
        if request.method == .head {
            try await writer.writeResponse(response)
        } else {
            try await writer.write(response: response, body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body)))
        }
    }

    // MARK: Limits

    /// The most bytes of a request's body.
    static let mostBodyBytes = 64 << 10

    /// Operators, probes and scrapers; the ones beyond wait.
    private static let connections = 64

    private static let limits = HTTP1Channel.Configuration(
        idleTimeout: .seconds(10),
        httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: 8_192,
            maxHeaderListSize: 16_384,
            maxHeaderFieldCount: 64
        )
    )

    /// The server says that it has started; who starts it says so better.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
