import Exchange
import Synchronization

/// How many client connections all workers have open, together and by address. Its memory is bounded by the number of
/// open connections.
public final class ConnectionCount: Sendable {
    /// A part of the addresses, with a lock of its own. Held only while a connection is opened or closed.
    private final class Shard: Sendable {
        let open = Mutex<[AddressBlock: Int]>([:])
    }

    private let total = Atomic(0)
    private let shards = (0..<16).map { _ in Shard() }

    /// Starts at none.
    public init() {}

    /// Counts one more.
    /// - Returns: `false`, and nothing is counted, when there would be more than `limit`.
    func add(limit: Int) -> Bool {
        if total.wrappingAdd(1, ordering: .relaxed).oldValue < limit { return true }
        remove()
        return false
    }

    /// Counts one less.
    func remove() { total.wrappingSubtract(1, ordering: .relaxed) }

    /// Counts one more of an address block.
    /// - Returns: `false`, and nothing is counted, when there would be more than `limit`.
    func add(from block: AddressBlock, limit: Int) -> Bool {
        shard(of: block).open.withLock { open in
            let count = open[block, default: 0]
            if count < limit { open[block] = count + 1 }
            return count < limit
        }
    }

    /// Counts one less of an address block.
    func remove(from block: AddressBlock) {
        shard(of: block).open.withLock { open in
            guard let count = open[block] else { return }
            open[block] = count > 1 ? count - 1 : nil
        }
    }

    private func shard(of block: AddressBlock) -> Shard { shards[Int(truncatingIfNeeded: block.spread) & 15] }

    /// For tests: the blocks that have open connections.
    var blocks: Int { shards.reduce(0) { sum, shard in sum + shard.open.withLock(\.count) } }
}

/// What counts as one client's address: an IPv4 address, or the /64 of an IPv6 address, since whoever has one address of such a
/// network has them all.
struct AddressBlock: Hashable, Sendable {
    private let prefix: UInt64
    private let isVersion6: Bool

    /// `nil` for an unknown address.
    init?(_ address: borrowing PeerAddress) {
        let (count, prefix) = address.withBytes { bytes in
            var prefix: UInt64 = 0
            for index in 0..<min(bytes.count, 8) { prefix = prefix << 8 | UInt64(bytes[index]) }
            return (bytes.count, prefix)
        }
        guard count > 0 else { return nil }
        self.prefix = prefix
        isVersion6 = count == 16
    }

    /// Differs between neighbours.
    var spread: UInt64 { (prefix &* 0x9E37_79B9_7F4A_7C15) >> 32 }
}
