import NIOCore
import NIOSSL
import NIOTLS

/// One connection's socket, for as long as the link wants it.
final class RedisChannel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var link: RedisLink?
    private let attempt: UInt64
    private let isSecure: Bool
    private var context: ChannelHandlerContext?
    private var isOpen = false
    private var failure: RedisFailure?

    init(link: RedisLink, attempt: UInt64, isSecure: Bool) {
        self.link = link
        self.attempt = attempt
        self.isSecure = isSecure
    }

    func write(_ bytes: ByteBuffer) { context?.write(Self.wrapOutboundOut(bytes), promise: nil) }

    func flush() { context?.flush() }

    /// Closes the socket; the link hears no more of it.
    func close() {
        link = nil
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if !isSecure { open() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { open() }
    }

    private func open() {
        guard !isOpen else { return }
        isOpen = true
        link?.opened(self, attempt: attempt)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { link?.received(Self.unwrapInboundIn(data)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The first one is the cause of the others.
        failure = failure ?? (isOpen ? .closed : .unreachable("\(error)"))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let link = link
        self.link = nil
        link?.closed(failure ?? .closed, attempt: attempt)
    }
}
