import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What was written to a connection and its client has not acknowledged. Asks the system: for connections that are slow, not for all.
enum UntakenBytes {
    /// Bytes that wait in the channel and in the system's send queue.
    static func count(_ context: ChannelHandlerContext) -> Int {
        let held = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        let queued = try? context.pipeline.syncOperations
            .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { queuedBytes($0) }
        return (held ?? 0) + (queued ?? 0)
    }

    private static func queuedBytes(_ descriptor: NIOBSDSocket.Handle) -> Int {
        #if os(Linux)
        var count: CInt = 0
        // SIOCOUTQ of tcp(7), which is the terminals' request by number.
        guard unsafe ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 else { return 0 }
        return Int(count)
        #else
        return 0
        #endif
    }
}
