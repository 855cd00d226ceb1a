public import Observation
import Model
import Throttling

extension Snapshot {
    /// What limits have refused, of all workers together.
    public var limitFamilies: [MetricFamily] {
        [
            MetricFamily(
                name: "daemun_limited_total",
                help: "Calls that a limit has refused, by cause, limit and where that stands.",
                kind: .counter,
                samples: limits.refusals.map { refusals in
                    let labels = [
                        MetricLabel("cause", refusals.cause), MetricLabel("limit", refusals.limit),
                        MetricLabel("place", refusals.place),
                    ]
                    return MetricSample(labels, value: .number(Double(refusals.count)))
                }
            ),
            MetricFamily(
                name: "daemun_throttle_full_total",
                help: "Calls that were refused since more callers were counted than there is room for.",
                kind: .counter,
                samples: [MetricSample(value: .number(Double(limits.refusedWithoutPlace)))]
            ),
            MetricFamily(
                name: "daemun_quota_uncounted_total",
                help: "Calls that passed uncounted since their quota could not be asked.",
                kind: .counter,
                samples: [MetricSample(value: .number(Double(limits.uncounted)))]
            ),
            MetricFamily(
                name: "daemun_throttle_alone_total",
                help: "Calls under a shared throttle that this gateway decided upon without Redis, by what was done.",
                kind: .counter,
                samples: ThrottleLimit.FailureRule.allCases.map { rule in
                    let count = MetricValue.number(Double(limits.decidedAlone(rule)))
                    return MetricSample([MetricLabel("on_failure", rule.rawValue)], value: count)
                }
            ),
        ]
    }
}
