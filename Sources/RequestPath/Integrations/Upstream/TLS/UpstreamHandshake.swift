import Exchange
import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind a new connection's TLS until the handshake has ended, and then makes way for the protocol that both sides chose.
final class UpstreamHandshake: ChannelInboundHandler, RemovableChannelHandler, Expiring {
    typealias InboundIn = ByteBuffer

    private let worker: WorkerContext
    private let limit: UInt64
    private let completion: (ChannelHandlerContext, Result<String?, HandshakeFailure>) -> Void
    private var context: ChannelHandlerContext?
    private var deadline: Deadlines.Slot?
    private var isOver = false

    /// - Parameters:
    ///   - limit: how long the handshake may take, in nanoseconds.
    ///   - completion: is told once how it ended: with the protocol that was chosen (ALPN), if any, or not at all.
    init(
        worker: WorkerContext,
        limit: UInt64,
        completion: @escaping (ChannelHandlerContext, Result<String?, HandshakeFailure>) -> Void
    ) {
        self.worker = worker
        self.limit = limit
        self.completion = completion
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        forgetDeadline()
    }

    func channelActive(context: ChannelHandlerContext) {
        let slot = worker.deadlines.add(self)
        deadline = slot
        worker.deadlines.set(slot, at: worker.now &+ limit)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let chosen)? = event as? TLSUserEvent, !isOver else { return }
        isOver = true
        forgetDeadline()
        completion(context, .success(chosen))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        fail(context, HandshakeFailure(error, certificate: handler?.peerCertificate))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(context, HandshakeFailure("the connection was closed during the handshake"))
    }

    func deadlinePassed() {
        guard let context else { return }
        fail(context, HandshakeFailure("the handshake took too long"))
        context.close(promise: nil)
    }

    private func fail(_ context: ChannelHandlerContext, _ failure: HandshakeFailure) {
        forgetDeadline()
        guard !isOver else { return }
        isOver = true
        completion(context, .failure(failure))
    }

    private func forgetDeadline() {
        if let deadline { worker.deadlines.remove(deadline) }
        deadline = nil
    }
}
