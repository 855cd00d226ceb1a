import Exchange
import Model
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import Wire

/// One active health check: a connection, a GET, and the status of the answer.
final class HealthProbe: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: ByteBuffer
    private let answer: EventLoopPromise<Bool>
    private let parser = ResponseParser(limits: HeadLimits(), names: FieldNameTable())
    private var received = ByteBuffer()
    private var head = ResponseHead()

    private init(request: ByteBuffer, answer: EventLoopPromise<Bool>) {
        self.request = request
        self.answer = answer
    }

    /// Whether the target answers 200…399 within the check's time-out.
    static func ask(
        _ target: ResolvedTarget,
        _ check: Backend.HealthCheck,
        tls: UpstreamTLS?,
        on loop: any EventLoop
    ) async -> Bool {
        let answer = loop.makePromise(of: Bool.self)
        let timeout = TimeAmount(check.timeout)
        let timer = loop.scheduleTask(in: timeout) { answer.succeed(false) }
        let channel = ClientBootstrap(group: loop)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try install(in: channel.pipeline.syncOperations, target.target, check, tls, answer)
                }
            }
            .connect(to: target.address)
        channel.whenFailure { _ in answer.succeed(false) }
        let isWell = (try? await answer.futureResult.get()) ?? false
        timer.cancel()
        if let channel = try? await channel.get() { channel.close(promise: nil) }
        return isWell
    }

    private static func install(
        in pipeline: ChannelPipeline.SynchronousOperations,
        _ target: Backend.Target,
        _ check: Backend.HealthCheck,
        _ tls: UpstreamTLS?,
        _ answer: EventLoopPromise<Bool>
    ) throws {
        let path = "\(target.pathPrefix)\(check.path)"
        if let tls, target.scheme.isSecure { try pipeline.addHandler(tls.handler(for: target, mayChoose: false)) }
        switch target.scheme {
        case .http, .https:
            let request = ByteBuffer(
                string: "GET \(path) HTTP/1.1\r\nHost: \(target.authority)\r\n"
                    + "User-Agent: \(userAgent)\r\nConnection: close\r\n\r\n"
            )
            try pipeline.addHandler(HealthProbe(request: request, answer: answer))
        case .h2, .h2c:
            let request: HPACKHeaders = [
                ":method": "GET", ":scheme": target.scheme.isSecure ? "https" : "http", ":authority": target.authority,
                ":path": path, "user-agent": userAgent,
            ]
            try pipeline.addHandler(NIOHTTP2Handler(mode: .client))
            try pipeline.addHandler(HTTP2HealthProbe(request: request, answer: answer))
        }
    }

    private static let userAgent = "daemun-health-check"

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(Self.wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = Self.unwrapInboundIn(data)
        received.writeBuffer(&part)
        while true {
            guard let progress = try? parser.parse(received, scanned: 0, toHEAD: false, into: &head) else {
                answer.succeed(false)
                return
            }
            guard case .complete(let length) = progress else { return }
            received.moveReaderIndex(forwardBy: length)
            if head.status >= 200 {
                answer.succeed((200...399).contains(head.status))
                return
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { answer.succeed(false) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.succeed(false)
        context.close(promise: nil)
    }
}
