import CustomerStore
import Logging
import Model
import Throttling

/// The plans that operators manage while the gateway runs, as far as they can be served.
struct LivePlans: Sendable {
    /// Counts the changes of the store's plans; what was read last. Below 0 before the first time.
    private(set) var change: Int64 = -1
    /// Why plans of the store do not count, by their names.
    private(set) var faults: [String: Faults] = [:]
    /// What could be read.
    private var plans: [UsagePlan] = []
    /// Why others could not.
    private var unreadable: [String: Faults] = [:]
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// Knows the store's plans as they are now.
    mutating func take(_ stored: StoredPlans) {
        change = stored.change
        plans = []
        unreadable = [:]
        for record in stored.plans {
            do throws(Faults) {
                plans.append(try Self.plan(record.name, record.settings))
            } catch {
                // The store takes only what could be read; another version of the gateway may have written it.
                unreadable[record.name] = error
            }
        }
    }

    /// Reads a plan.
    /// - Throws: all that is at fault with it alone.
    static func plan(_ name: String, _ settings: String) throws(Faults) -> UsagePlan {
        let plan = try PlanSettings(name: name, settings: settings).plan
        try LimitPlan.check(plan)
        return plan
    }

    /// A model with these plans. What can't stand in it is left out, noted and told: a plan of the file counts where both have
    /// the same name.
    /// - Parameter file: what the configuration file says.
    mutating func merged(into file: Model) -> Model {
        var merged = file
        var reasons = unreadable
        let declared = Set(file.plans.map(\.name))
        for plan in plans {
            if declared.contains(plan.name) {
                reasons[plan.name] = Faults([Fault(Self.shadowed, text: plan.name)])
                continue
            }
            let faults = file.faults(in: plan)
            if faults.isEmpty { merged.plans.append(plan) } else { reasons[plan.name] = Faults(faults) }
        }
        for (name, reason) in reasons where faults[name] != reason {
            let text = reason.all.map(\.description).joined(separator: "; ")
            logger.error("plan of the store does not count", metadata: ["plan": "\(name)", "faults": "\(text)"])
        }
        faults = reasons
        return merged
    }

    private static let shadowed =
        "a plan of this name stands in the configuration file, which counts: remove the store's, or give one another name"
}
