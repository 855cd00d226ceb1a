import NIOCore
import NIOHTTP1
import NIOPosix

/// The demo backend's socket.
struct DemoServer {
    private let channel: any Channel

    /// Starts to answer on the loopback.
    static func start(port: Int) async throws -> DemoServer {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(DemoHandler())
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .get()
        return DemoServer(channel: channel)
    }

    var port: Int { channel.localAddress?.port ?? 0 }

    func stop() async throws { try await channel.close() }
}

/// Counts a request's body and answers.
private final class DemoHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private var head: HTTPRequestHead?
    private var bodyBytes = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            bodyBytes = 0
        case .body(let part): bodyBytes += part.readableBytes
        case .end:
            guard let head else { return }
            let answer = DemoAnswer(
                to: head.method.rawValue,
                head.uri,
                fields: head.headers.map { ($0.name, $0.value) },
                bodyBytes: bodyBytes,
                server: context.localAddress?.port.map { "127.0.0.1:\($0)" } ?? ""
            )
            send(answer, to: head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func send(_ answer: DemoAnswer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard answer.delay > .zero else {
            write(answer, to: request, context)
            return
        }
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(answer.delay)) {
            self.write(answer, to: request, context)
        }
    }

    private func write(_ answer: DemoAnswer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status))
        head.headers.add(name: "Content-Type", value: "application/json")
        let hasBody = ![204, 304].contains(answer.status)
        if hasBody { head.headers.add(name: "Content-Length", value: String(answer.body.utf8.count)) }
        if !request.isKeepAlive { head.headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if hasBody, request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        guard !request.isKeepAlive else { return }
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }
}
