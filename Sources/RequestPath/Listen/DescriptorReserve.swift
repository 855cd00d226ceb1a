import Exchange
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A descriptor kept for the time when the process has no other left: it is given up so that a waiting client can be accepted
/// and told, by closing its connection, to go elsewhere, rather than to be left waiting.
final class DescriptorReserve {
    private static let mostAtOnce = 64
    private var descriptor: CInt = -1

    init() { refill() }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }

    /// Closes connections that wait at a listening descriptor.
    /// - Returns: how many.
    func turnAwayClients(of listening: NIOBSDSocket.Handle) -> Int {
        refill()
        guard descriptor >= 0 else { return 0 }
        _ = close(descriptor)
        descriptor = -1
        var count = 0
        while count < Self.mostAtOnce, case let client = accept(listening, nil, nil), client >= 0 {
            _ = close(client)
            count += 1
        }
        refill()
        return count
    }

    /// Takes a descriptor back, when one is free again.
    func refill() {
        if descriptor < 0 { descriptor = dup(STDERR_FILENO) }
    }
}

/// Stands at a listening socket and answers its want of descriptors.
final class AcceptFaults: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(100)

    private let handler: any ExchangeHandler
    private let reserve: DescriptorReserve

    init(handler: any ExchangeHandler, reserve: DescriptorReserve) {
        self.handler = handler
        self.reserve = reserve
    }

    /// The error goes no further: NIO's own remedy, which waits a second, stays registered for reading and so would spin.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            context.fireErrorCaught(error)
            return
        }
        let turnedAway = try? context.pipeline.syncOperations
            .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { reserve.turnAwayClients(of: $0) }
        for _ in 0..<(turnedAway ?? 0) { handler.connectionRefused(.descriptors) }
        if turnedAway ?? 0 == 0 { rest(context.channel) }
    }

    /// Accepts nothing for a moment: somebody else has taken even the reserve.
    private func rest(_ channel: any Channel) {
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        channel.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
