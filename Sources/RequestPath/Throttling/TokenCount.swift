import Synchronization

/// Tokens at hand that all workers take from, without a lock and without waiting.
///
/// Each begins in an epoch. When a new one is begun, what was taken before can't be put back any more.
struct TokenCount: ~Copyable, Sendable {
    private static let bits: UInt64 = 48
    private static let mask: UInt64 = (1 << bits) - 1

    /// Above, the epoch; below, the tokens.
    private let word = Atomic<UInt64>(0)

    /// How many there are.
    var available: Int { Int(word.load(ordering: .acquiring) & Self.mask) }

    /// The epoch, which may be over at any moment.
    var epoch: UInt64 { word.load(ordering: .relaxed) >> Self.bits }

    /// Takes one.
    /// - Parameter isUsable: whether tokens may be taken still. It is asked after the count was read, so that a new epoch that
    ///   begins meanwhile lets nothing be taken.
    /// - Returns: its epoch, and how many are left; `nil` when there is none to take.
    @inline(__always)
    func take(while isUsable: () -> Bool) -> (epoch: UInt64, left: Int)? {
        var seen = word.load(ordering: .acquiring)
        while seen & Self.mask > 0, isUsable() {
            let (exchanged, original) = word.weakCompareExchange(
                expected: seen,
                desired: seen &- 1,
                ordering: .acquiringAndReleasing
            )
            if exchanged { return (seen >> Self.bits, Int(seen & Self.mask) - 1) }
            seen = original
        }
        return nil
    }

    /// Puts back one that was taken, unless its epoch is over.
    func putBack(epoch: UInt64) {
        change { seen in seen >> Self.bits == epoch ? seen &+ 1 : nil }
    }

    /// Adds some.
    func add(_ count: Int) { word.wrappingAdd(UInt64(count), ordering: .acquiringAndReleasing) }

    /// Takes up to `count` out, and never any that a worker has.
    /// - Returns: how many.
    func withdraw(_ count: Int) -> Int {
        let seen = change { seen in seen &- min(seen & Self.mask, UInt64(count)) }
        return Int(min(seen & Self.mask, UInt64(count)))
    }

    /// Begins a new epoch.
    /// - Parameter most: how many tokens stay at most.
    /// - Returns: how many stay, and how many were taken away.
    @discardableResult
    func startEpoch(keeping most: Int = 0) -> (kept: Int, unspent: Int) {
        let seen = change { seen in
            ((seen >> Self.bits) &+ 1) << Self.bits | min(seen & Self.mask, UInt64(most))
        }
        let kept = min(seen & Self.mask, UInt64(most))
        return (Int(kept), Int(seen & Self.mask - kept))
    }

    /// - Parameter next: the word that takes the place of another; `nil` to leave it.
    /// - Returns: the word that was there.
    @discardableResult
    private func change(_ next: (UInt64) -> UInt64?) -> UInt64 {
        var seen = word.load(ordering: .relaxed)
        while let desired = next(seen) {
            let (exchanged, original) = word.weakCompareExchange(
                expected: seen,
                desired: desired,
                ordering: .acquiringAndReleasing
            )
            if exchanged { break }
            seen = original
        }
        return seen
    }
}
