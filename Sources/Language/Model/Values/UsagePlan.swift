public import Quotas

/// What a customer may take (Amazon: usage plan). The customers who have it do not share it: each may take as much.
public struct UsagePlan: Sendable, Hashable {
    /// Unique among the plans.
    public var name: String
    /// How fast each customer's calls may come.
    public var throttle: [ThrottleLimit]
    /// How many calls each customer may make.
    public var quotas: [CallQuota]
    /// Where it was declared.
    public var source: SourceLocation?

    /// Makes a plan.
    public init(
        name: String,
        throttle: [ThrottleLimit] = [],
        quotas: [CallQuota] = [],
        source: SourceLocation? = nil
    ) {
        self.name = name
        self.throttle = throttle
        self.quotas = quotas
        self.source = source
    }
}

/// How many calls a customer may make in a day, week or month.
public struct CallQuota: Sendable, Hashable {
    /// For clients, metrics and the count on disk. Quotas of one name count on when a customer changes its plan.
    public var name: String
    /// Calls in a window.
    public var calls: Int
    /// How often it starts anew.
    public var period: QuotaPeriod
    /// The IANA name of the zone whose midnight it is; checked when it was read.
    public var timeZone: String
    /// Whether each route has a count of its own.
    public var isPerRoute: Bool
    /// Where it was declared.
    public var source: SourceLocation?

    /// Makes a quota.
    public init(
        name: String,
        calls: Int,
        period: QuotaPeriod,
        timeZone: String = "UTC",
        isPerRoute: Bool = false,
        source: SourceLocation? = nil
    ) {
        self.name = name
        self.calls = calls
        self.period = period
        self.timeZone = timeZone
        self.isPerRoute = isPerRoute
        self.source = source
    }

    /// `10000/month`, as it is written in the file.
    public var amount: String { "\(calls)/\(period.rawValue)" }
}
