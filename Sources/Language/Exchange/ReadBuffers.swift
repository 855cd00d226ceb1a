public import NIOCore

/// The buffers that a worker's sockets read into: taken for a read, given back when nothing refers to their bytes any more.
///
/// NIO keeps the first buffer that a channel ever reads into for the channel's life, which would cost every idle connection its size.
/// So the first one is tiny; it is never free again (the channel holds it), and later reads take a buffer from here.
public final class ReadBuffers {
    /// Bytes of one buffer.
    public static let capacity = 16_384
    private static let kept = 64

    private var free: [ByteBuffer] = []

    /// Makes an empty store.
    public init() { free.reserveCapacity(Self.kept) }

    /// A buffer of `capacity` writable bytes: one of the last given back, when nobody refers to it, or a new one.
    public func take() -> ByteBuffer {
        for index in stride(from: free.count - 1, through: max(free.count - 4, 0), by: -1)
        where free[index].modifyIfUniquelyOwned({ $0.clear() }) != nil {
            return free.remove(at: index)
        }
        return ByteBufferAllocator().buffer(capacity: Self.capacity)
    }

    /// Gives a buffer back. Others may still refer to its bytes: it is lent again only when they no longer do.
    public func give(_ buffer: ByteBuffer) {
        guard free.count < Self.kept, buffer.storageCapacity >= Self.capacity else { return }
        free.append(buffer)
    }
}
