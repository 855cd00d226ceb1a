import NIOCore
import NIOHPACK
import NIOHTTP2

/// One active health check of a target that speaks HTTP/2, right behind NIO's handler.
final class HTTP2HealthProbe: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private static let stream = HTTP2StreamID(1)

    private let request: HPACKHeaders
    private let answer: EventLoopPromise<Bool>

    init(request: HPACKHeaders, answer: EventLoopPromise<Bool>) {
        self.request = request
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        let frame = HTTP2Frame(streamID: Self.stream, payload: .headers(.init(headers: request, endStream: true)))
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data).payload {
        case .headers(let content):
            let status = content.headers.first(name: ":status").flatMap { Int($0) } ?? 0
            if status >= 200 || status == 0 { answer.succeed((200...399).contains(status)) }
        case .rstStream, .goAway: answer.succeed(false)
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) { answer.succeed(false) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.succeed(false)
        context.close(promise: nil)
    }
}
