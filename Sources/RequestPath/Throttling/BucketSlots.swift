import Glibc
import Synchronization

/// What stands in a slot: whose bucket it is, and its arrival time.
struct Bucket: Equatable {
    /// The mark of the bucket's key; 0 when the slot was never used.
    var mark: UInt64
    /// The arrival time; with `claimFlag`, the claim of a worker that is about to put the key here.
    var arrival: UInt64

    static let none = Bucket(mark: 0, arrival: 0)
    static let claimFlag: UInt64 = 1 << 63

    var isClaim: Bool { arrival & Self.claimFlag != 0 }

    /// Whether nothing is lost when another key takes the slot.
    func isSpent(at now: UInt64) -> Bool { arrival <= now }

    fileprivate var pair: WordPair { WordPair(first: UInt(mark), second: UInt(arrival)) }
}

/// Slots of 16 bytes in groups of 128, which are exchanged whole and read by halves. Pages that no group touched take no memory.
///
/// Invariant: the memory is zeroed, aligned to a group, and changed by the 16-byte compare-and-swap only, so
/// that both halves always belong together; reads of a half are atomic by themselves, and whoever reads both checks them by an exchange
/// or by reading the mark again. It is freed when nobody refers to it any more.
@safe final class BucketSlots: @unchecked Sendable {
    static let perGroup = 8
    private static let slotBytes = 16

    /// A power of two.
    let groups: Int
    private let allocation: UnsafeMutableRawPointer
    private let base: UnsafeMutableRawPointer

    /// - Parameter groups: a power of two.
    init(groups: Int) {
        let groupBytes = Self.perGroup * Self.slotBytes
        self.groups = groups
        guard let allocation = unsafe calloc(groups + 1, groupBytes) else {
            preconditionFailure("no memory for \(groups * groupBytes) bytes of buckets")
        }
        unsafe self.allocation = unsafe allocation
        unsafe base = unsafe allocation.alignedUp(toMultipleOf: groupBytes)
    }

    deinit { unsafe free(allocation) }

    @inline(__always)
    func mark(_ slot: Int) -> UInt64 {
        unsafe (base + slot &* Self.slotBytes).assumingMemoryBound(to: Atomic<UInt64>.self).pointee
            .load(ordering: .sequentiallyConsistent)
    }

    @inline(__always)
    func arrival(_ slot: Int) -> UInt64 {
        unsafe (base + (slot &* Self.slotBytes &+ 8)).assumingMemoryBound(to: Atomic<UInt64>.self).pointee
            .load(ordering: .sequentiallyConsistent)
    }

    /// Puts `new` where `old` is. Ordered with all other exchanges and reads.
    @inline(__always)
    func exchange(_ slot: Int, _ old: Bucket, _ new: Bucket) -> Bool {
        unsafe (base + slot &* Self.slotBytes).assumingMemoryBound(to: Atomic<WordPair>.self).pointee
            .compareExchange(expected: old.pair, desired: new.pair, ordering: .sequentiallyConsistent).exchanged
    }
}
