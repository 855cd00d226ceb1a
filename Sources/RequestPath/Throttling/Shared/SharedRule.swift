import Model
import Quotas
import Synchronization

/// What is shared of a compiled limit.
final class SharedRule: Sendable {
    let shape: RateShape
    let onFailure: ThrottleLimit.FailureRule
    let limit: String
    let place: String
    /// Calls that were decided upon while Redis could not be asked.
    let alone: AloneCount

    init(
        _ limit: ThrottleLimit,
        _ onFailure: ThrottleLimit.FailureRule,
        place: String,
        _ counts: LimitCounts
    ) throws(Fault) {
        shape = try Self.shape(of: limit)
        self.onFailure = onFailure
        self.limit = limit.name
        self.place = place
        alone = counts.alone(onFailure)
    }

    static func shape(of limit: ThrottleLimit) throws(Fault) -> RateShape {
        if let shape = RateShape(requests: limit.requests, per: limit.period, burst: limit.burst) { return shape }
        let text = "\(limit.requests) in \(limit.period) s, \(limit.burst) at once"
        throw Fault(
            "Redis can't count so many exactly: take a shorter period or a smaller burst",
            at: limit.source,
            text: text
        )
    }
}

/// Calls that this node decided upon alone.
final class AloneCount: Sendable {
    private let count = Atomic(0)

    func add() { count.wrappingAdd(1, ordering: .relaxed) }

    var current: Int { count.load(ordering: .relaxed) }
}
