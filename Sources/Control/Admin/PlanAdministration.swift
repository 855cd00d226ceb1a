public import CustomerStore
public import Model

/// What operators may do about plans. Every change is in effect on all workers when it returns.
public protocol PlanAdministration: Sendable {
    /// All plans, those of the file included, in the order of their names.
    func allPlans() async throws -> [ManagedPlan]
    /// Takes a plan in, or gives one other limits.
    /// - Returns: whether it is new.
    /// - Throws: `Faults` when the settings can't be served, `DeclaredInFile`, `PlanStoreFault`, `CustomersNotShared`.
    func putPlan(_ name: String, settings: String) async throws -> Bool
    /// Lets go of a plan that no customer has.
    /// - Throws: `DeclaredInFile`, `PlanStoreFault`, `CustomersNotShared`.
    func removePlan(_ name: String) async throws
}

/// A plan as operators see it.
public struct ManagedPlan: Sendable {
    /// Where plans stand.
    public enum Place: Sendable {
        /// In the configuration file, where alone it can be changed.
        case file(UsagePlan)
        /// In the store.
        case store(PlanRecord)
    }

    /// Unique among the plans.
    public var name: String
    /// Where the plan stands that counts.
    public var place: Place
    /// Why the store's plan of this name does not count. Mostly empty.
    public var faults: [String]

    /// Makes one.
    public init(name: String, place: Place, faults: [String] = []) {
        self.name = name
        self.place = place
        self.faults = faults
    }
}
