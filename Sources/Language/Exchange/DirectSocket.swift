public import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The socket under a channel, for what the system takes at once and whole, as it does nearly every head.
///
/// A channel takes a write through its handlers and its queue of writes that wait, which costs the gateway more than it spends on
/// most of its steps. So the socket is tried first; what it does not take goes to the channel, which tells errors, too, and waits
/// for the socket. Not for a channel with a handler that changes what is written, such as TLS. Confined to the channel's loop.
public struct DirectSocket {
    private let channel: any Channel
    // It lends the socket only while that is open, so nothing is written to another connection of the same number.
    private let core: any NIOTransportAccessibleChannelCore<NIOBSDSocket.Handle>
    /// Whether the channel was given bytes that may still wait in it. Later ones must not overtake them.
    private var mayChannelHoldBytes = false

    /// - Returns: `nil` when the channel is none of a socket.
    public init?(_ channel: any Channel) {
        guard let core = channel._channelCore as? any NIOTransportAccessibleChannelCore<NIOBSDSocket.Handle> else {
            return nil
        }
        self.channel = channel
        self.core = core
    }

    /// To be told before bytes are given to the channel.
    public mutating func willGiveToChannel() { mayChannelHoldBytes = true }

    /// Writes as many bytes as the system takes, which moves the reader's index.
    /// - Returns: whether it took all. When not, the rest is the channel's to write.
    public mutating func write(_ bytes: inout ByteBuffer) -> Bool {
        if mayChannelHoldBytes {
            guard (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) == 0 else { return false }
            mayChannelHoldBytes = false
        }
        let taken = try? core.withUnsafeTransport { socket in
            unsafe bytes.withUnsafeReadableBytes { bytes in
                unsafe send(socket, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
            }
        }
        bytes.moveReaderIndex(forwardBy: max(taken ?? 0, 0))
        mayChannelHoldBytes = bytes.readableBytes > 0
        return !mayChannelHoldBytes
    }
}
