/// What a ledger knows of the past, for operators. Not for the way of a request.
public protocol QuotaRecords: Sendable {
    /// What a customer used of a quota in a window, once for each route where that counts by route; what was never used may be missing.
    func accounts(of customer: String, quota: String, in window: QuotaWindow) async throws -> [QuotaAccount]
    /// Calls by day, oldest first, of the days that start in `range` (seconds since 1970).
    func history(_ key: QuotaKey, daysIn range: Range<Int64>) async throws -> [QuotaDay]
    /// Says how many calls were used in a window; those that nodes hold in reserve come on top.
    func set(_ key: QuotaKey, window: QuotaWindow, used: Int) async throws
    /// Starts a window anew: all its calls are there again, but for those that nodes hold in reserve.
    func reset(_ key: QuotaKey, window: QuotaWindow) async throws
}

/// What was used of one quota of one customer in the present window.
public struct QuotaAccount: Sendable, Hashable {
    /// Whose, of which quota. Its subject is the customer's id, or that, a blank and the route.
    public var key: QuotaKey
    /// How much.
    public var usage: QuotaUsage

    /// Makes an account.
    public init(key: QuotaKey, usage: QuotaUsage) {
        self.key = key
        self.usage = usage
    }
}

/// What was used of a quota in one window.
public struct QuotaUsage: Sendable, Hashable {
    /// Calls that are no longer to be had; negative after an adjustment that gave more than was used.
    public var taken: Int
    /// Of these, calls that nodes hold in reserve or have not booked yet, as far as the ledger knows.
    public var outstanding: Int
    /// Of these, calls that died with a process, as far as the ledger knows.
    public var lost: Int

    /// Makes an account.
    public init(taken: Int, outstanding: Int, lost: Int) {
        self.taken = taken
        self.outstanding = outstanding
        self.lost = lost
    }
}

/// Calls of one day.
public struct QuotaDay: Sendable, Hashable {
    /// The day in the quota's time zone.
    public var day: QuotaWindow
    /// Calls that reached a backend.
    public var calls: Int

    /// Makes a day.
    public init(day: QuotaWindow, calls: Int) {
        self.day = day
        self.calls = calls
    }
}
