public import Model

/// Turns the results of a target's active checks into a verdict, slow enough to ignore a single stray result.
public struct HealthTally: Sendable {
    private let healthyAfter: Int
    private let unhealthyAfter: Int
    /// The verdict so far; `nil` before the first result.
    public private(set) var isHealthy: Bool?
    /// Results in a row that speak against the verdict.
    private var contrary = 0

    /// A tally without results.
    public init(_ check: Backend.HealthCheck) {
        healthyAfter = check.healthyAfter
        unhealthyAfter = check.unhealthyAfter
    }

    /// Counts a result and answers the new verdict if it changed. The first result decides at once, because a gateway
    /// that just started should know its dead targets.
    public mutating func record(success: Bool) -> Bool? {
        guard success != isHealthy else {
            contrary = 0
            return nil
        }
        contrary += 1
        guard isHealthy == nil || contrary >= (success ? healthyAfter : unhealthyAfter) else { return nil }
        contrary = 0
        isHealthy = success
        return success
    }
}
