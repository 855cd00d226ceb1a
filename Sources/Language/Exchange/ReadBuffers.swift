public import NIOCore

/// The buffers that a worker's sockets read into: taken for a read, given back when nothing refers to their bytes any more.
public final class ReadBuffers {
    /// Bytes of one buffer.
    public static let capacity = 16_384
    private static let kept = 64

    private var free: [ByteBuffer] = []
    /// The fewest that lay here at any time since `letGoOfSpares`: so many more than were needed.
    private var needless = 0

    /// Makes an empty store.
    public init() { free.reserveCapacity(Self.kept) }

    /// A buffer of `capacity` writable bytes: one of the last given back, when nobody refers to it, or a new one.
    public func take() -> ByteBuffer {
        for index in stride(from: free.count - 1, through: max(free.count - 4, 0), by: -1)
        where free[index].modifyIfUniquelyOwned({ $0.clear() }) != nil {
            free.swapAt(index, free.count - 1)
            needless = min(needless, free.count - 1)
            return free.removeLast()
        }
        return ByteBufferAllocator().buffer(capacity: Self.capacity)
    }

    /// Gives a buffer back. Others may still refer to its bytes: it is lent again only when they no longer do.
    public func give(_ buffer: ByteBuffer) {
        guard free.count < Self.kept, buffer.storageCapacity >= Self.capacity else { return }
        free.append(buffer)
    }

    /// Lets go of the buffers that were not needed since the last time.
    public func letGoOfSpares() {
        free.removeFirst(needless)
        needless = free.count
    }
}

/// Gives every read after a channel's first a buffer of the worker's store.
///
/// NIO keeps the first buffer that a channel reads into for as long as the channel lives. It is given a tiny one, so that an
/// idle connection holds no read buffer. `record` always answers that buffers may grow, which keeps NIO from reading
/// into the first one again.
public struct ReceiveAllocator: RecvByteBufferAllocator {
    private static let firstCapacity = 64

    private let buffers: NIOLoopBound<ReadBuffers>
    private var isFirst = true

    /// Makes an allocator for one channel of the store's loop.
    public init(_ buffers: NIOLoopBound<ReadBuffers>) { self.buffers = buffers }

    /// A tiny buffer for the first read, one of the store for the others.
    public func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        isFirst ? allocator.buffer(capacity: Self.firstCapacity) : buffers.value.take()
    }

    /// Always answers that the next buffer may be larger.
    public mutating func record(actualReadBytes: Int) -> Bool {
        isFirst = false
        return true
    }
}
