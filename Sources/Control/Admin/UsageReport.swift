/// What a customer used of its quotas: the answer to `GET /usage`.
public struct UsageReport: Sendable, Equatable, Encodable {
    /// The customer's id.
    public var customer: String
    /// The plan; `nil` for a customer without one.
    public var plan: String?
    /// The plan's quotas, those that count by route once for each route that was called.
    public var quotas: [Quota]

    /// Makes a report.
    public init(customer: String, plan: String?, quotas: [Quota]) {
        self.customer = customer
        self.plan = plan
        self.quotas = quotas
    }

    /// One quota in its window, and its days.
    public struct Quota: Sendable, Equatable, Encodable {
        /// The quota's name.
        public var name: String
        /// `API METHOD /path` of a quota that counts by route.
        public var route: String?
        /// Calls in a window.
        public var calls: Int
        /// `day`, `week` or `month`.
        public var period: String
        /// The time zone of its midnight.
        public var zone: String
        /// When the window began, in ISO 8601.
        public var begins: String
        /// When it ends.
        public var ends: String
        /// Calls that were made or lost.
        public var used: Int
        /// Calls that may still be made.
        public var remaining: Int
        /// Of those used, the ones that died with a process.
        public var lost: Int
        /// Calls by day, the oldest first; days without any are left out.
        public var days: [Day]

        /// Makes an account of a quota.
        public init(
            name: String,
            route: String?,
            calls: Int,
            period: String,
            zone: String,
            begins: String,
            ends: String,
            used: Int,
            remaining: Int,
            lost: Int,
            days: [Day]
        ) {
            self.name = name
            self.route = route
            self.calls = calls
            self.period = period
            self.zone = zone
            self.begins = begins
            self.ends = ends
            self.used = used
            self.remaining = remaining
            self.lost = lost
            self.days = days
        }
    }

    /// Calls of one day.
    public struct Day: Sendable, Equatable, Encodable {
        /// `2026-11-21`, in the quota's zone.
        public var day: String
        /// Calls that were served.
        public var calls: Int

        /// Makes a day.
        public init(day: String, calls: Int) {
            self.day = day
            self.calls = calls
        }
    }
}

/// The counts of customers' quotas, for operators.
public protocol UsageAccounts: Sendable {
    /// What a customer used, with as many days back.
    /// - Parameter isSandbox: whether that is what it used in sandboxes.
    func usage(of customer: String, isSandbox: Bool, days: Int) async throws(UsageFault) -> UsageReport
    /// Sets what a customer used of a quota in the present window, to take calls away or give some back.
    /// - Parameter calls: `nil` starts the window anew.
    func setUsage(of selection: UsageSelection, to calls: Int?) async throws(UsageFault)
}

/// Which counts are meant.
public struct UsageSelection: Sendable, Hashable {
    /// The customer's id.
    public var customer: String
    /// Whether the counts of sandboxes are meant.
    public var isSandbox: Bool
    /// The quota's name; `nil` stands for all of the customer's.
    public var quota: String?
    /// The route as `UsageReport` names it; `nil` stands for all, where the quota counts by route.
    public var route: String?

    /// Makes a selection.
    public init(customer: String, isSandbox: Bool = false, quota: String? = nil, route: String? = nil) {
        self.customer = customer
        self.isSandbox = isSandbox
        self.quota = quota
        self.route = route
    }
}

/// Why usage can't be told or set.
public enum UsageFault: Error, Sendable, Hashable {
    /// Nobody has this id.
    case noCustomer
    /// The customer's plan has no such quota, or it was not called yet on that route.
    case noQuota
    /// The counts can't be read or written, with what was said about it.
    case unavailable(String)
}
