/// Where rates are counted that several nodes share.
///
/// A node spends only tokens that it has leased; the ledger leases none twice, so the sum over all nodes keeps to the rate.
/// Everything but `perform` is called in work that it performs, and answers there.
public protocol RateLedger: Sendable {
    /// Does work on the ledger's thread, in the order of the calls.
    func perform(_ work: @escaping @Sendable () -> Void)
    /// Leases tokens; with them goes back what is left of the former lease.
    /// - Parameter done: is told the lease, once.
    func lease(_ request: RateLeaseRequest, done: @escaping @Sendable (Result<RateLease, any Error>) -> Void)
    /// Ends a lease.
    /// - Parameter done: is told, once, that it was tried.
    func giveBack(_ lease: RateLeaseRequest, unspent: Int, done: @escaping @Sendable () -> Void)
}

/// So many calls a period, and so many at once, in numbers that a ledger counts exactly.
public struct RateShape: Sendable, Hashable {
    /// Calls in a period; the two have no common divisor.
    public let requests: Int
    /// Microseconds.
    public let period: Int
    /// Calls at once.
    public let burst: Int

    /// Ledgers' scripts count exactly up to this.
    private static let largest = 1 << 53

    /// Makes a shape.
    /// - Parameter seconds: the period.
    /// - Returns: `nil` when a number is not positive, or when `burst` or `requests` periods in microseconds are beyond 2⁵³.
    public init?(requests: Int, per seconds: Int, burst: Int) {
        guard requests > 0, seconds > 0, burst > 0 else { return nil }
        let (period, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return nil }
        var (divisor, rest) = (period, requests)
        while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
        self.requests = requests / divisor
        self.period = period / divisor
        self.burst = burst
        for factor in [burst, self.requests] {
            let (units, overflow) = self.period.multipliedReportingOverflow(by: factor)
            guard !overflow, units <= Self.largest else { return nil }
        }
    }

    /// Nanoseconds that so many tokens take to come.
    public func nanoseconds(for tokens: Int) -> UInt64 {
        UInt64(Double(tokens) * Double(period) * 1000 / Double(requests))
    }
}

/// A wish for tokens of a rate.
public struct RateLeaseRequest: Sendable, Hashable {
    /// Which bucket, the same on all nodes.
    public var key: String
    /// How it fills.
    public var shape: RateShape
    /// Larger than that of any request of this process before.
    public var number: Int64
    /// How many tokens; with none, this only tells what became of the former ones.
    public var wanted: Int
    /// How many tokens of earlier leases are spent on, as long as the new lease lasts.
    public var kept: Int
    /// What became of the lease before.
    public var former: Former
    /// How long the lease may last, in milliseconds.
    public var timeToLive: Int64

    /// What became of a lease.
    public enum Former: Sendable, Hashable {
        /// There was none.
        case none
        /// It was granted, and so many tokens go back.
        case answered(number: Int64, unspent: Int)
        /// Nobody knows whether it was granted; if it was, all of it goes back.
        case unanswered(number: Int64)
    }

    /// Makes a request.
    public init(
        key: String,
        shape: RateShape,
        number: Int64,
        wanted: Int,
        kept: Int,
        former: Former,
        timeToLive: Int64
    ) {
        self.key = key
        self.shape = shape
        self.number = number
        self.wanted = wanted
        self.kept = kept
        self.former = former
        self.timeToLive = timeToLive
    }
}

/// What came of a wish for tokens. Times are nanoseconds after the request was made.
public struct RateLease: Sendable, Hashable {
    /// 0…wanted.
    public var granted: Int
    /// What is left for others.
    public var left: Int
    /// When the tokens must no longer be spent.
    public var expiresAfter: UInt64
    /// When the bucket is full.
    public var resetsAfter: UInt64
    /// When there is a token again, if none was granted.
    public var retryAfter: UInt64

    /// Makes a lease.
    public init(granted: Int, left: Int, expiresAfter: UInt64, resetsAfter: UInt64, retryAfter: UInt64) {
        self.granted = granted
        self.left = left
        self.expiresAfter = expiresAfter
        self.resetsAfter = resetsAfter
        self.retryAfter = retryAfter
    }
}
