public import NIOCore

/// Buffers of one size that are used again and again: taken to be filled, given back when nothing refers to their bytes any more.
/// Confined to a worker's loop.
public final class BufferPool {
    /// Bytes of one buffer.
    public let capacity: Int
    private let limit: Int
    private var free: [ByteBuffer] = []
    /// The fewest that lay here at any time since `letGoOfSpares`: so many more than were needed.
    private var needless = 0

    /// Makes an empty pool that keeps `limit` buffers at most.
    public init(capacity: Int, limit: Int) {
        self.capacity = capacity
        self.limit = limit
        free.reserveCapacity(limit)
    }

    /// A buffer of `capacity` writable bytes: one of the last given back, when nobody refers to it, or a new one.
    public func take() -> ByteBuffer {
        for index in stride(from: free.count - 1, through: max(free.count - 4, 0), by: -1)
        where free[index].modifyIfUniquelyOwned({ $0.clear() }) != nil {
            free.swapAt(index, free.count - 1)
            needless = min(needless, free.count - 1)
            return free.removeLast()
        }
        return ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// Gives a buffer back. Others may still refer to its bytes: it is lent again only when they no longer do. One that is smaller or
    /// has grown much larger is not kept.
    public func give(_ buffer: ByteBuffer) {
        guard free.count < limit, (capacity...4 * capacity).contains(buffer.storageCapacity) else { return }
        free.append(buffer)
    }

    /// Has a place hold a buffer of the pool, unless it holds one.
    @inlinable
    public func lend(to place: inout ByteBuffer) { if place.storageCapacity == 0 { place = take() } }

    /// Takes back what a place holds, if it holds a buffer.
    @inlinable
    public func takeBack(from place: inout ByteBuffer) { if place.storageCapacity > 0 { give(place.moveOut()) } }

    /// Lets go of the buffers that were not needed since the last time.
    public func letGoOfSpares() {
        free.removeFirst(needless)
        needless = free.count
    }
}

extension ByteBuffer {
    /// What stands here, which leaves nothing behind. Before a write: that may come back to this place before it returns.
    @inlinable
    public mutating func moveOut() -> ByteBuffer {
        let bytes = self
        self = ByteBuffer()
        return bytes
    }
}

/// Gives every read after a channel's first a buffer of the worker's pool.
///
/// NIO keeps the first buffer that a channel reads into for as long as the channel lives. It is given a tiny one, so that an
/// idle connection holds no read buffer. `record` always answers that buffers may grow, which keeps NIO from reading
/// into the first one again.
public struct ReceiveAllocator: RecvByteBufferAllocator {
    private static let firstCapacity = 64

    private let buffers: NIOLoopBound<BufferPool>
    private var isFirst = true

    /// Makes an allocator for one channel of the pool's loop.
    public init(_ buffers: NIOLoopBound<BufferPool>) { self.buffers = buffers }

    /// A tiny buffer for the first read, one of the pool for the others.
    public func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        isFirst ? allocator.buffer(capacity: Self.firstCapacity) : buffers.value.take()
    }

    /// Always answers that the next buffer may be larger.
    public mutating func record(actualReadBytes: Int) -> Bool {
        isFirst = false
        return true
    }
}
