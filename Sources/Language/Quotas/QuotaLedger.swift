/// Where calls against quotas are counted for good: this node's disk, or what several nodes share.
///
/// A node spends only what the ledger leased to it, and the ledger has written a lease down before it answers; so neither the
/// death of the node nor that of the ledger lets a call through beyond a limit. A lease that dies with its node is lost to the
/// customer until the window ends, or for as long as the ledger says.
public protocol QuotaLedger: Sendable {
    /// Takes calls out of quotas. All of one call may be written at once.
    /// - Returns: a lease for each request, in order.
    /// - Throws: when it is not known to be written; nothing may be spent then.
    func lease(_ requests: [QuotaLeaseRequest]) async throws -> [QuotaLease]

    /// Books calls that were made, and puts back what was leased and not spent. What is reported here is never spent again.
    func settle(_ settlements: [QuotaSettlement]) async throws
}

/// A wish for calls out of a quota.
public struct QuotaLeaseRequest: Sendable, Hashable {
    /// Whose, of which quota.
    public var key: QuotaKey
    /// The window; what is leased may be spent in it only.
    public var window: QuotaWindow
    /// The quota's calls in that window.
    public var limit: Int
    /// How many, at least 1.
    public var wanted: Int
    /// Seconds since 1970.
    public var now: Int64

    /// Makes a request.
    public init(key: QuotaKey, window: QuotaWindow, limit: Int, wanted: Int, now: Int64) {
        self.key = key
        self.window = window
        self.limit = limit
        self.wanted = wanted
        self.now = now
    }
}

/// What came of a wish.
public struct QuotaLease: Sendable, Hashable {
    /// 0…wanted; 0 when the quota is used up.
    public var granted: Int
    /// What the quota has left beyond all leases.
    public var left: Int
    /// The second at which the lease ends before its window does; `nil` when it does not.
    public var expires: Int64?

    /// Makes a lease.
    public init(granted: Int, left: Int, expires: Int64? = nil) {
        self.granted = granted
        self.left = left
        self.expires = expires
    }
}

/// What became of leased calls.
public struct QuotaSettlement: Sendable, Hashable {
    /// Whose, of which quota.
    public var key: QuotaKey
    /// The window that they were leased for.
    public var window: QuotaWindow
    /// The day that the calls are booked on, in the quota's time zone.
    public var day: QuotaWindow
    /// Calls that were made.
    public var spent: Int
    /// Calls that are put back.
    public var returned: Int

    /// Makes a settlement.
    public init(key: QuotaKey, window: QuotaWindow, day: QuotaWindow, spent: Int, returned: Int) {
        self.key = key
        self.window = window
        self.day = day
        self.spent = spent
        self.returned = returned
    }
}
