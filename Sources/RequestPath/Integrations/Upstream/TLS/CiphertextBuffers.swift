import Exchange
import NIOCore

/// Stands before a connection's TLS and gives the buffers that were read back to the worker's store, once what they held is
/// decrypted.
final class CiphertextBuffers: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let worker: WorkerContext

    init(worker: WorkerContext) { self.worker = worker }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = Self.unwrapInboundIn(data)
        context.fireChannelRead(data)
        worker.readBuffers.give(buffer)
    }
}
