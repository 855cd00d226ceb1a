import Synchronization

/// The buckets of all rate limits, for all workers: a fixed number of slots that no lock guards.
///
/// A bucket stands in one of the sixteen slots of two groups that its key picks. One that has drained is as good as none, so its
/// slot may be taken over at once, and nothing is ever evicted that still counts. When all sixteen hold buckets that
/// count, a further key is refused until one drains. With one slot in four in use that meets about one key in a million; a slot
/// takes 16 bytes, so that is 64 bytes for each key in use.
///
/// A key never has two buckets: to put one in, a worker first claims a slot for it (nothing is charged to a claim), then looks at
/// the fifteen others, takes away whatever claims for the same key stand there, gives up its own when it meets a bucket,
/// and only then turns its claim into a bucket, if that still stands. Of two workers at it, one claimed first; the other sees that.
public final class BucketTable: Sendable {
    /// What became of a request at one bucket.
    public enum Charge: Sendable, Hashable {
        /// It passes; the bucket's arrival time is now this.
        case passed(UInt64)
        /// It would have to wait; the bucket's arrival time is this.
        case refused(UInt64)
        /// There is no place for its bucket before this time.
        case noPlace(UInt64)
    }

    /// The fewest slots.
    public static let fewestSlots = 1 << 6
    /// The most: 1 GiB.
    public static let mostSlots = 1 << 26
    /// What a table has by default: 16 MiB when all of it is touched, for a quarter of a million keys in use at a time.
    public static let defaultSlots = 1 << 20
    /// Workers that claim for one key at a time may undo each other's work, but hardly so many times.
    private static let attempts = 64

    private let slots: BucketSlots
    private let claims = Atomic<UInt64>(0)
    private let withoutPlace = Atomic<Int>(0)

    /// Makes a table.
    /// - Parameter slots: rounded up to a power of two, within `fewestSlots...mostSlots`.
    public init(slots: Int = defaultSlots) {
        let wanted = min(max(slots, Self.fewestSlots), Self.mostSlots)
        let groups = (wanted + BucketSlots.perGroup - 1) / BucketSlots.perGroup - 1
        self.slots = BucketSlots(groups: 1 << (Int.bitWidth - groups.leadingZeroBitCount))
    }

    /// The number of slots.
    public var capacity: Int { slots.groups * BucketSlots.perGroup }

    /// How many requests found no place for their bucket.
    public var refusedWithoutPlace: Int { withoutPlace.load(ordering: .relaxed) }

    /// Charges a request to a bucket, if it passes.
    /// - Parameter now: monotonic nanoseconds, over 0, read just before: a request counts for that moment.
    public func charge(_ key: BucketKey, _ rate: Rate, at now: UInt64) -> Charge {
        for _ in 0..<Self.attempts {
            // Each failed exchange is another worker's success, or the end of this bucket.
            while let (slot, bucket) = find(key) {
                guard let next = rate.charged(bucket.arrival, at: now) else { return .refused(bucket.arrival) }
                if slots.exchange(slot, bucket, Bucket(mark: key.mark, arrival: next)) { return .passed(next) }
            }
            guard let charge = insert(key, rate, at: now) else { continue }
            if case .noPlace = charge { withoutPlace.wrappingAdd(1, ordering: .relaxed) }
            return charge
        }
        withoutPlace.wrappingAdd(1, ordering: .relaxed)
        return .noPlace(now &+ rate.interval)
    }

    /// The arrival time of a bucket, 0 for a key that has none.
    public func arrival(_ key: BucketKey) -> UInt64 { find(key)?.bucket.arrival ?? 0 }

    /// Takes back a charge, since another limit refused the request.
    /// - Parameters:
    ///   - charge: the time that `charge` was given.
    ///   - now: the clock, read now.
    public func takeBack(_ key: BucketKey, _ rate: Rate, chargedAt charge: UInt64, at now: UInt64) {
        while let (slot, bucket) = find(key) {
            let arrival = rate.uncharged(bucket.arrival, chargedAt: charge, at: now)
            if slots.exchange(slot, bucket, Bucket(mark: key.mark, arrival: arrival)) { return }
        }
    }

    /// Has a bucket be no farther ahead than its rate lets any get, since a slower rate or a larger burst has charged it before.
    /// - Parameter clock: monotonic nanoseconds, read now. Only so is it later than all charges: what this rate itself has charged is
    ///   never given back, whatever moments the workers are at.
    /// - Returns: the bucket's arrival time by then; 0 when there is none.
    public func settle(_ key: BucketKey, _ rate: Rate, clock: () -> UInt64) -> UInt64 {
        while let (slot, bucket) = find(key) {
            let now = clock()
            guard rate.isOverdrawn(bucket.arrival, at: now) else { return bucket.arrival }
            let latest = now &+ rate.tolerance
            if slots.exchange(slot, bucket, Bucket(mark: key.mark, arrival: latest)) { return latest }
        }
        return 0
    }

    // MARK: Places

    /// The `index`th of the sixteen slots that a key may stand in.
    @inline(__always)
    private func slot(_ index: Int, of key: BucketKey) -> Int {
        // The second group's bits are those that the first does not use; the two groups may be one.
        let bits = index < BucketSlots.perGroup ? key.place : key.place >> 32
        let group = Int(truncatingIfNeeded: bits) & (slots.groups &- 1)
        return group &* BucketSlots.perGroup &+ (index & (BucketSlots.perGroup &- 1))
    }

    private static let places = 2 * BucketSlots.perGroup

    /// The bucket of a key; claims are none.
    @inline(__always)
    private func find(_ key: BucketKey) -> (slot: Int, bucket: Bucket)? {
        for index in 0..<Self.places {
            let slot = slot(index, of: key)
            guard slots.mark(slot) == key.mark else { continue }
            let arrival = slots.arrival(slot)
            let bucket = Bucket(mark: key.mark, arrival: arrival)
            // Between the two reads the slot may have gone to another key.
            if !bucket.isClaim, slots.mark(slot) == key.mark { return (slot, bucket) }
        }
        return nil
    }

    /// Puts in a bucket with its first request.
    /// - Returns: `nil` when other workers were in the way.
    @inline(never)
    private func insert(_ key: BucketKey, _ rate: Rate, at now: UInt64) -> Charge? {
        var earliest = UInt64.max
        guard let (own, former) = spentSlot(for: key, at: now, earliest: &earliest) else { return .noPlace(earliest) }
        let number = claims.wrappingAdd(1, ordering: .relaxed).newValue & ~Bucket.claimFlag
        let claim = Bucket(mark: key.mark, arrival: Bucket.claimFlag | number)
        guard slots.exchange(own, former, claim) else { return nil }
        guard isOnly(claim, at: own, of: key) else {
            // When this fails, another worker has taken the claim away already.
            _ = slots.exchange(own, claim, .none)
            return nil
        }
        let first = now &+ rate.interval
        return slots.exchange(own, claim, Bucket(mark: key.mark, arrival: first)) ? .passed(first) : nil
    }

    private func spentSlot(for key: BucketKey, at now: UInt64, earliest: inout UInt64) -> (slot: Int, bucket: Bucket)? {
        for index in 0..<Self.places {
            let slot = slot(index, of: key)
            let bucket = Bucket(mark: slots.mark(slot), arrival: slots.arrival(slot))
            if bucket.isSpent(at: now) { return (slot, bucket) }
            // A claim is over in no time.
            earliest = min(earliest, bucket.isClaim ? now &+ 1 : bucket.arrival)
        }
        return nil
    }

    /// Takes away the other claims for a key.
    /// - Returns: whether there is no bucket of it.
    private func isOnly(_ claim: Bucket, at own: Int, of key: BucketKey) -> Bool {
        for index in 0..<Self.places {
            let slot = slot(index, of: key)
            while slot != own, slots.mark(slot) == key.mark {
                let other = Bucket(mark: key.mark, arrival: slots.arrival(slot))
                if !other.isClaim {
                    guard slots.mark(slot) == key.mark else { break }
                    return false
                }
                _ = slots.exchange(slot, other, .none)
            }
        }
        return true
    }
}
