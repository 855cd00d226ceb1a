/// A plan that operators manage while gateways run.
public struct PlanRecord: Sendable, Hashable {
    /// Unique among the plans of a store.
    public var name: String
    /// A JSON object: what the file would say under the plan's name.
    public var settings: String
    /// Seconds since 1970.
    public var createdAt: Int64
    /// Seconds since 1970.
    public var changedAt: Int64

    /// Makes one.
    public init(name: String, settings: String, createdAt: Int64, changedAt: Int64) {
        self.name = name
        self.settings = settings
        self.createdAt = createdAt
        self.changedAt = changedAt
    }
}

/// All plans of a store at one time.
public struct StoredPlans: Sendable, Hashable {
    /// Counts the changes of plans; what came last.
    public var change: Int64
    /// In the order of their names.
    public var plans: [PlanRecord]

    /// Makes them.
    public init(change: Int64, plans: [PlanRecord]) {
        self.change = change
        self.plans = plans
    }
}

/// Why a store refuses a change of a plan.
public enum PlanStoreFault: Error, Sendable, Hashable {
    /// No plan has this name.
    case unknownPlan(String)
    /// So many customers have it.
    case planInUse(String, customers: Int)
    /// So many are enough.
    case tooManyPlans
}
