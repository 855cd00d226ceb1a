/// One limit as it stands before a request: whose bucket, and how much it gives.
public struct RateLimit: Sendable {
    /// The bucket.
    public var key: BucketKey
    /// What it gives.
    public var rate: Rate

    /// Makes a limit.
    public init(key: BucketKey, rate: Rate) {
        self.key = key
        self.rate = rate
    }
}

/// What the rate limits of a request say together.
public struct Admission: Sendable, Hashable {
    /// Whether the request passes.
    public var isAllowed: Bool
    /// Which of the limits decides: the one that refused, or of those that let it pass the one with the least left.
    public var limit: Int
    /// What that one has to give now.
    public var standing: Standing
}

/// Several rate limits at once: all must pass, and one that refuses takes nothing from the others.
public struct Throttle: Sendable {
    /// The most limits that a request may stand under.
    public static let mostLimits = 8

    private let buckets: BucketTable

    /// Makes a throttle over the buckets that all workers share.
    public init(buckets: BucketTable) { self.buckets = buckets }

    /// Charges a request to all limits, or to none.
    ///
    /// All are looked at before any is charged. When a limit is used up by another worker between the two, what was charged is taken
    /// back, but for the nanoseconds since (`Rate.uncharged`): so a bucket never lets more through than its rate, whatever happens between.
    /// - Parameters:
    ///   - limits: 1…8, without the same bucket twice.
    ///   - now: monotonic nanoseconds.
    ///   - clock: the same clock, read again; rarely called.
    public func admit(_ limits: Span<RateLimit>, at now: UInt64, clock: () -> UInt64) -> Admission {
        precondition(!limits.isEmpty && limits.count <= Self.mostLimits, "1…8 limits")
        if limits.count > 1, let refused = firstRefusal(limits, at: now, clock: clock) { return refused }
        var least = Admission(isAllowed: true, limit: 0, standing: Standing(remaining: .max, reset: 0, wait: 0))
        for index in limits.indices {
            let rate = limits[index].rate
            let refused: Standing
            switch buckets.charge(limits[index].key, rate, at: now) {
            case .passed(let arrival):
                let standing = rate.standing(arrival, at: now)
                if standing.remaining < least.standing.remaining {
                    least = Admission(isAllowed: true, limit: index, standing: standing)
                }
                continue
            case .refused(let arrival):
                refused = standing(limits[index], refusedBy: arrival, at: now, clock)
            case .noPlace(let until):
                let wait = until > now ? until &- now : 1
                refused = Standing(remaining: 0, reset: wait, wait: wait)
            }
            for charged in 0..<index {
                buckets.takeBack(limits[charged].key, limits[charged].rate, chargedAt: now, at: clock())
            }
            return Admission(isAllowed: false, limit: index, standing: refused)
        }
        return least
    }

    private func firstRefusal(_ limits: Span<RateLimit>, at now: UInt64, clock: () -> UInt64) -> Admission? {
        for index in limits.indices {
            let arrival = buckets.arrival(limits[index].key)
            guard limits[index].rate.standing(arrival, at: now).wait > 0 else { continue }
            let standing = standing(limits[index], refusedBy: arrival, at: now, clock)
            return Admission(isAllowed: false, limit: index, standing: standing)
        }
        return nil
    }

    /// How a limit stands that has refused. A bucket that owes more than the rate ever lends, to a rate that is no longer, owes what it lends
    /// from then on, so that another rate holds at once.
    private func standing(
        _ limit: RateLimit,
        refusedBy arrival: UInt64,
        at now: UInt64,
        _ clock: () -> UInt64
    ) -> Standing {
        guard limit.rate.isOverdrawn(arrival, at: now) else { return limit.rate.standing(arrival, at: now) }
        // What was settled just now is told as of the request's time, so that nobody waits a second more for some microseconds.
        let settled = buckets.settle(limit.key, limit.rate, clock: clock)
        return limit.rate.standing(min(settled, now &+ limit.rate.tolerance), at: now)
    }
}
