import Exchange
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Stands at a listening socket, and turns clients away for whom there is no descriptor but a reserved one: to close their
/// connection at once sends them elsewhere, where not to accept it would leave them waiting.
final class AcceptLimit: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(100)

    private let worker: WorkerContext
    private let handler: any ExchangeHandler

    init(worker: WorkerContext, handler: any ExchangeHandler) {
        self.worker = worker
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let client = Self.unwrapInboundIn(data)
        guard worker.hasReservedDescriptor(client) else {
            context.fireChannelRead(data)
            return
        }
        handler.connectionRefused(.descriptors)
        client.close(promise: nil)
    }

    /// Somebody else has taken even the reserve: nothing is accepted for a moment. NIO's own remedy stays registered for
    /// reading and so would spin; the error does not get there.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            context.fireErrorCaught(error)
            return
        }
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        channel.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
