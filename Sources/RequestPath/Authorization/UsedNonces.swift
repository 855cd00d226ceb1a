import Synchronization

/// The nonces of signatures that were taken, so that none is taken twice. Shared by all workers, and kept over reloads.
///
/// Kept are keyed hashes of 64 bits: a nonce that was never seen is taken for a used one once in 10¹³ times with a million
/// kept, and its client signs again. They lie in shards, each with a lock of its own that is held for one look-up; only
/// requests whose signature holds get that far. Times are given.
final class UsedNonces: Sendable {
    enum Answer {
        case fresh
        case used
        /// Too many are kept to keep another.
        case full
    }

    /// Nonces of one generation, and of the one before: each is kept for one to two windows.
    private struct State {
        var young: Set<Int> = []
        var old: Set<Int> = []
        var turnedAt: UInt64 = 0

        mutating func turn(_ now: UInt64, window: UInt64) {
            guard now > turnedAt, now - turnedAt >= window else { return }
            old = now - turnedAt < window &* 2 ? young : []
            young = []
            turnedAt = now
        }
    }

    private final class Shard: Sendable {
        let state = Mutex(State())
    }

    /// A power of two.
    private static let shardCount = 64
    private let shards = (0..<shardCount).map { _ in Shard() }

    /// Whether a nonce was used, without using it.
    func contains(_ nonce: String, of key: String, now: UInt64, window: UInt64) -> Bool {
        let hash = Self.hash(nonce, key)
        return shard(hash).state.withLock { state in
            state.turn(now, window: window)
            return state.young.contains(hash) || state.old.contains(hash)
        }
    }

    /// Uses a nonce.
    /// - Parameters:
    ///   - window: for how long it has to be remembered, in nanoseconds: as long as one signature can be good.
    ///   - most: how many may be kept.
    func use(_ nonce: String, of key: String, now: UInt64, window: UInt64, most: Int) -> Answer {
        let hash = Self.hash(nonce, key)
        return shard(hash).state.withLock { state in
            state.turn(now, window: window)
            if state.young.contains(hash) || state.old.contains(hash) { return .used }
            guard (state.young.count + state.old.count) * Self.shardCount < most else { return .full }
            state.young.insert(hash)
            return .fresh
        }
    }

    private func shard(_ hash: Int) -> Shard { shards[hash & (Self.shardCount - 1)] }

    /// SipHash under a key of this process.
    private static func hash(_ nonce: String, _ key: String) -> Int {
        var hasher = Hasher()
        hasher.combine(key)
        hasher.combine(nonce)
        return hasher.finalize()
    }
}
