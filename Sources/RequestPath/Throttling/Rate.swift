/// How many requests a limit lets through: so many in a period, evenly, and so many at once.
///
/// The generic cell rate algorithm (ITU-T I.371, annex A, virtual scheduling): all that is kept of a bucket is the time at which it
/// will be empty again, its theoretical arrival time. Each request puts that off by the period's share of one request, and
/// passes if it then lies no farther ahead than `burst` requests take. In any time `t` at most `burst + t / interval` pass.
///
/// Pure: times are parameters, in nanoseconds of a clock that is monotonic and the same for all threads.
public struct Rate: Sendable, Hashable {
    /// The most requests a second that a rate may ask for; beyond it, a nanosecond is too coarse.
    public static let mostPerSecond = 1_000_000
    /// The longest time that a full bucket may take to empty, in seconds: 31 days.
    public static let longestBurst = 31 * 86_400

    /// Requests in a period.
    public let requests: Int
    /// Seconds.
    public let period: Int
    /// Requests at once.
    public let burst: Int
    /// Nanoseconds for each request. Rounded up, so that a rate is never more than was asked for, and less by at most one in a thousand.
    @usableFromInline let interval: UInt64
    /// Nanoseconds that a full bucket takes to empty.
    @usableFromInline let tolerance: UInt64

    /// Makes a rate of `requests` in `period` seconds.
    /// - Throws: `RateFault` when it can't be kept exactly.
    public init(requests: Int, per period: Int, burst: Int) throws(RateFault) {
        guard requests >= 1 else { throw .noRequests }
        guard period >= 1, period <= Self.longestBurst else { throw .period }
        guard burst >= 1 else { throw .noBurst }
        guard requests / period < Self.mostPerSecond || requests == period * Self.mostPerSecond else { throw .tooFast }
        let nanoseconds = UInt64(period) * 1_000_000_000
        let interval = (nanoseconds + UInt64(requests) - 1) / UInt64(requests)
        let (tolerance, overflow) = interval.multipliedReportingOverflow(by: UInt64(burst))
        guard !overflow, tolerance <= UInt64(Self.longestBurst) * 1_000_000_000 else { throw .burstTooLong }
        self.requests = requests
        self.period = period
        self.burst = burst
        self.interval = interval
        self.tolerance = tolerance
    }

    /// One request a second.
    static let one = Rate(requests: 1, period: 1, burst: 1, interval: 1_000_000_000, tolerance: 1_000_000_000)

    private init(requests: Int, period: Int, burst: Int, interval: UInt64, tolerance: UInt64) {
        self.requests = requests
        self.period = period
        self.burst = burst
        self.interval = interval
        self.tolerance = tolerance
    }

    /// The arrival time after one more request, `nil` when the request may not pass.
    /// - Parameter arrival: the bucket's arrival time; 0 for a bucket that was never used.
    @inlinable
    public func charged(_ arrival: UInt64, at now: UInt64) -> UInt64? {
        let next = max(arrival, now) &+ interval
        return next &- now <= tolerance ? next : nil
    }

    /// What a bucket with this arrival time still has to give.
    @inlinable
    public func standing(_ arrival: UInt64, at now: UInt64) -> Standing {
        let ahead = arrival > now ? arrival &- now : 0
        let free = tolerance > ahead ? tolerance &- ahead : 0
        let over = ahead &+ interval
        return Standing(
            remaining: Int(free / interval),
            reset: ahead,
            wait: over > tolerance ? over &- tolerance : 0
        )
    }

    /// Whether a bucket is farther ahead than this rate lets any get: another rate has charged it, before a reload, say.
    @inlinable
    func isOverdrawn(_ arrival: UInt64, at now: UInt64) -> Bool { arrival > now &+ tolerance }

    /// The arrival time when a request that was charged is taken back, because another limit refused it.
    ///
    /// The time since the charge is kept back: without the charge the bucket might have been empty for as long, and what would
    /// have drained then has gone to nobody. A charge only ever weighs less by time in which the bucket without it stood empty, so
    /// what is given back is still in the bucket, and nothing passes that would not have passed had the request never come.
    /// - Parameters:
    ///   - arrival: the bucket's arrival time.
    ///   - charge: when the request was charged.
    ///   - now: the clock, read after all that others may have charged meanwhile.
    func uncharged(_ arrival: UInt64, chargedAt charge: UInt64, at now: UInt64) -> UInt64 {
        let elapsed = now > charge ? now &- charge : 0
        let back = elapsed < interval ? interval &- elapsed : 0
        return arrival > back ? arrival &- back : arrival
    }
}

/// Why a rate can't be kept.
public enum RateFault: Error, Sendable, Hashable {
    /// Fewer than one request.
    case noRequests
    /// A period under a second or over 31 days.
    case period
    /// A burst under one request.
    case noBurst
    /// More than a million a second.
    case tooFast
    /// A full bucket would take more than 31 days to empty.
    case burstTooLong
}

/// What a bucket has to give at some moment.
public struct Standing: Sendable, Hashable {
    /// Requests that would pass at once.
    public var remaining: Int
    /// Nanoseconds until the bucket is empty, and the whole burst is there again.
    public var reset: UInt64
    /// Nanoseconds until a request would pass; 0 when it would now.
    public var wait: UInt64

    /// Makes a standing.
    @inlinable public init(remaining: Int, reset: UInt64, wait: UInt64) {
        self.remaining = remaining
        self.reset = reset
        self.wait = wait
    }
}
