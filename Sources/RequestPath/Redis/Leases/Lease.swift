import RESP

/// Tokens of a shared limit that one holder may spend by itself.
///
/// The sum over all holders never exceeds the limit, because Redis hands out no token twice: what is leased counts as spent, until
/// its holder says what it has not spent. A holder that dies says nothing.
public struct Lease: Sendable, Hashable {
    /// How many tokens there are to spend: from none to what was wanted.
    public var granted: Int
    /// How many tokens were left for others at that moment.
    public var remaining: Int
    /// Nanoseconds after the request was sent when the tokens must no longer be spent: at the window's end, or of a rate, after the
    /// lease's time.
    public var expiresAfter: UInt64
    /// Nanoseconds until the limit is as if it had never been used: the window's end, or the bucket is full.
    public var resetsAfter: UInt64
    /// Nanoseconds until there is a token again, when none was granted; otherwise none.
    public var retryAfter: UInt64
}

/// Why there is no lease.
public enum LeaseFailure: Error, Sendable, Hashable {
    /// No answer; when `RedisError.mayHaveRun`, tokens may have been taken. The next request by the same holder gives them back
    /// when it names that one as `unanswered`.
    case redis(RedisError)
    /// By the server's clock, the window has not begun or is over. With that clock, in milliseconds since 1970.
    case outsideWindow(now: Int64)
    /// A later request of the same holder was answered before: this one came late and took nothing.
    case overtaken
}

/// Who leases, and which of its leases it is.
///
/// A holder has one lease of a limit at a time, and numbers its requests upwards: a request that is sent twice is answered
/// twice and granted once, and one that comes after a later one is refused.
public struct LeaseRequest: Sendable, Hashable {
    /// The limit's key in Redis, without braces. Its window or its shape is no part of it.
    public var key: String
    /// Names the holder: unique over all nodes, workers and restarts, such as 128 random bits. The same name after a restart would
    /// give back what its forerunner has spent.
    public var holder: String
    /// The number of this request, larger than that of every one before for the same limit.
    public var number: Int64
    /// How many tokens are wanted.
    public var wanted: Int
    /// The lease that this one takes the place of.
    public var ended = Ended.none
    /// How many tokens of earlier leases the holder goes on to spend, while this request is on its way and afterwards. They last as
    /// long as the new lease.
    public var kept = 0
    /// How long the lease may be held, in milliseconds: see `WindowLimit` and `RateLimit`.
    public var timeToLive: Int64

    /// What became of the lease before.
    public enum Ended: Sendable, Hashable {
        /// There was none.
        case none
        /// It was granted, and so many of its tokens are neither spent nor kept: they go back.
        case answered(number: Int64, unspent: Int)
        /// Its answer never came. If it was granted, all of it goes back.
        case unanswered(number: Int64)
    }

    /// Makes a request.
    public init(key: String, holder: String, number: Int64, wanted: Int, timeToLive: Int64) {
        self.key = key
        self.holder = holder
        self.number = number
        self.wanted = wanted
        self.timeToLive = timeToLive
    }
}

extension UInt64 {
    /// A time in other units as nanoseconds: none when it is negative, and as many as there are when it is too large.
    static func nanoseconds(_ count: Int64, each unit: UInt64) -> UInt64 {
        let (product, overflow) = UInt64(clamping: count).multipliedReportingOverflow(by: unit)
        return overflow ? .max : product
    }
}

extension LeaseRequest {
    /// Number, ended, unspent, kept and time to live, as both scripts take them.
    func writeLease(to writer: inout RESPWriter) {
        writer.word(number)
        switch ended {
        case .none:
            writer.word(0)
            writer.word(0)
        case .answered(let number, let unspent):
            writer.word(number)
            writer.word(max(0, unspent))
        case .unanswered(let number):
            writer.word(number)
            writer.word(-1)
        }
        writer.word(max(0, kept))
        writer.word(max(1, timeToLive))
    }
}
