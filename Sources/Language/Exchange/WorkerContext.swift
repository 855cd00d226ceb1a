public import NIOCore

/// What one worker lends to everything that runs on its event loop. Confined to that loop.
public final class WorkerContext {
    /// The worker's loop.
    public let eventLoop: any EventLoop
    /// For ids and load balancing.
    public var random: SplitMix64
    /// Recognises header names.
    public let fieldNames = FieldNameTable()
    /// The buffers that sockets read into.
    public let readBuffers = BufferPool(capacity: 16_384, limit: 64)
    /// The buffers in which heads and small bodies are put together, and wait to be written.
    public let writeBuffers = BufferPool(capacity: 4_096, limit: 256)
    /// Who has something to write at the end of the loop's turn.
    public let flushes: FlushQueue
    /// Who has to be woken when.
    public let deadlines: Deadlines
    /// The request head on its way to a backend of HTTP/2 is put together here, and read at once.
    public var requestScratch: ByteBuffer
    /// The lowest descriptor that no connection may keep.
    let descriptorCeiling = DescriptorLimit.ceiling(forDescriptors: DescriptorLimit.current)
    /// What steps remember on this worker, each under a key of its own.
    private var memories: ContiguousArray<(key: StepMemoryKey, memory: AnyObject)> = []
    private var exchanges = Spares<Exchange>(limit: 256)

    private static let scratchBytes = 16_384

    /// Makes a context for a loop. The seed should differ between workers.
    public init(eventLoop: any EventLoop, seed: UInt64) {
        self.eventLoop = eventLoop
        random = SplitMix64(seed: seed)
        deadlines = Deadlines(eventLoop: eventLoop)
        flushes = FlushQueue(eventLoop: eventLoop)
        requestScratch = ByteBufferAllocator().buffer(capacity: Self.scratchBytes)
    }

    /// Monotonic nanoseconds.
    @inlinable public var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

    /// What a step remembers on this worker; `nil` when that is nothing yet.
    public func memory(of key: StepMemoryKey) -> AnyObject? {
        for entry in memories where entry.key == key { return entry.memory }
        return nil
    }

    /// Has a step's memory kept on this worker.
    public func remember(_ memory: AnyObject, under key: StepMemoryKey) {
        memories.removeAll { $0.key == key }
        memories.append((key, memory))
    }

    /// Forgets what other steps than these have remembered.
    public func forgetMemories(except keys: Set<StepMemoryKey>) {
        memories.removeAll { !keys.contains($0.key) }
    }

    /// An exchange for a call, ready for use.
    public func takeExchange() -> Exchange { exchanges.take() ?? Exchange(worker: self) }

    /// Resets an exchange and keeps it for a later call.
    public func give(_ exchange: Exchange) {
        exchange.reset()
        exchanges.give(exchange)
    }

    /// Lets go of what was kept for a next use, and not needed since the last time.
    public func letGoOfSpares() {
        exchanges.letGo()
        readBuffers.letGoOfSpares()
        writeBuffers.letGoOfSpares()
    }

    /// Lets go of all kept exchanges, which refer to this context, so that both can go away.
    public func stop() {
        deadlines.stop()
        exchanges = Spares(limit: 0)
    }
}
