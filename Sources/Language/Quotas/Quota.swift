/// How many calls in which window.
public struct Quota: Sendable {
    /// Its name, for clients, logs and the ledger. Quotas of different names count apart.
    public var name: String
    /// Calls in a window.
    public var calls: Int
    /// How often it starts anew.
    public var period: QuotaPeriod
    /// Where its midnight is.
    public var calendar: QuotaCalendar

    /// Makes a quota; fewer than 0 calls are none.
    public init(name: String, calls: Int, period: QuotaPeriod, calendar: QuotaCalendar) {
        self.name = name
        self.calls = max(calls, 0)
        self.period = period
        self.calendar = calendar
    }
}

/// Whose calls are counted, for which quota.
public struct QuotaKey: Sendable, Hashable, Codable {
    /// The quota's name.
    public var quota: String
    /// The customer's id, with the route's name where the quota is one of a route.
    public var subject: String

    /// Makes a key.
    public init(quota: String, subject: String) {
        self.quota = quota
        self.subject = subject
    }
}
