import Foundation
import Model
import NIOCore
import NIOHTTP1
import NIOPosix

/// Speaks to the admin listener of a running gateway.
struct AdminClient {
    /// An address or `localhost`.
    var host: String
    var port: Int
    var token: Secret?

    /// What came back.
    struct Answer: Sendable {
        var status: Int
        var body: String
    }

    /// The listener that a configuration has.
    /// - Throws: `CommandFailure` when it has none, or leaves its port to the system.
    init(_ model: Model) throws(CommandFailure) {
        guard let admin = model.admin else {
            throw CommandFailure(
                problem: "the configuration has no admin listener, which this asks",
                remedy: "Add 'admin: 8081', or name one with --admin HOST:PORT."
            )
        }
        guard admin.port != 0 else {
            throw CommandFailure(
                problem: "the admin listener's port was chosen by the system",
                remedy: "Name it with --admin HOST:PORT; 'daemun run' has printed it."
            )
        }
        let isAny = ["0.0.0.0", "::"].contains(admin.address)
        self.init(host: isAny ? "127.0.0.1" : admin.address, port: admin.port, token: admin.token)
    }

    init(host: String, port: Int, token: Secret?) {
        self.host = host
        self.port = port
        self.token = token
    }

    private static let patience = TimeAmount.seconds(10)

    /// Asks for a path and query, which has to be percent-encoded.
    /// - Parameter body: a JSON text.
    /// - Throws: `CommandFailure` when nobody answers.
    func send(
        _ method: HTTPMethod,
        _ target: String,
        body: String = ""
    ) async throws(CommandFailure) -> Answer {
        let length = String(body.utf8.count)
        var fields = HTTPHeaders([("host", authority), ("connection", "close"), ("content-length", length)])
        if !body.isEmpty { fields.add(name: "content-type", value: "application/json") }
        if let token { fields.add(name: "authorization", value: "Bearer " + token.withText { $0 }) }
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: target, headers: fields)
        do {
            return try await exchange(head, body)
        } catch {
            throw CommandFailure(
                problem: "no answer from the admin listener at \(authority): \(error)",
                remedy: "Does the gateway run, and is this its admin listener?"
            )
        }
    }

    private var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    private func exchange(_ head: HTTPRequestHead, _ body: String) async throws -> Answer {
        let group = MultiThreadedEventLoopGroup.singleton
        let loop = group.next()
        let answered = loop.makePromise(of: Answer.self)
        let channel = ClientBootstrap(group: loop).connectTimeout(Self.patience)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    let collector = AnswerCollector(head, ByteBuffer(string: body), answered)
                    try channel.pipeline.syncOperations.addHandler(collector)
                }
            }
            .connect(host: host, port: port)
        channel.whenFailure { answered.fail($0) }
        let timeout = loop.scheduleTask(in: Self.patience) { answered.fail(ChannelError.connectTimeout(Self.patience)) }
        defer { timeout.cancel() }
        return try await answered.futureResult.get()
    }
}

/// Sends one request and gathers its answer.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private let body: ByteBuffer
    private let answered: EventLoopPromise<AdminClient.Answer>
    private var answer = AdminClient.Answer(status: 0, body: "")

    init(_ request: HTTPRequestHead, _ body: ByteBuffer, _ answered: EventLoopPromise<AdminClient.Answer>) {
        self.request = request
        self.body = body
        self.answered = answered
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        if body.readableBytes > 0 { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): answer.status = Int(head.status.code)
        case .body(let part): answer.body += String(buffer: part)
        case .end:
            answered.succeed(answer)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { answered.fail(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answered.fail(error)
        context.close(promise: nil)
    }
}
