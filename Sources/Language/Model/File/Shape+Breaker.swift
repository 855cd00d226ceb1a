extension Shape<Backend.Breaker> {
    /// `breaker` of a backend.
    static var breaker: Shape {
        let defaults = Backend.Breaker()
        return Shape.record(
            "a mapping about the circuit breaker",
            .optional(
                "over",
                .duration(from: .milliseconds(100), to: .seconds(3_600)),
                default: defaults.window,
                "The time over which attempts are counted."
            ),
            .optional(
                "requests",
                .integer(1...1_000_000),
                default: defaults.minRequests,
                "Fewer attempts than this in that time open nothing."
            ),
            .optional(
                "failures",
                .share,
                default: defaults.failureShare,
                "The share of failures (no connection, reset, time-out, 502…504) that opens the circuit."
            ),
            .optional(
                "open",
                .duration(),
                default: defaults.duration,
                "How long requests are refused then, doubled each time in a row."
            ),
            .optional("at_most", .duration(), default: defaults.maxDuration, "Longest time that they are refused."),
            .optional(
                "probes",
                .integer(1...1_000),
                default: defaults.probes,
                "Attempts that are let through afterwards; all of them must succeed."
            )
        ) { window, requests, failures, duration, longest, probes in
            Backend.Breaker(
                window: window,
                minRequests: requests,
                failureShare: failures,
                duration: duration,
                maxDuration: longest,
                probes: probes
            )
        }
        .checked { breaker, node, faults in
            if breaker.duration > breaker.maxDuration {
                faults.add("\"open\" is at most \"at_most\"", at: (node["open"] ?? node["at_most"] ?? node).location)
            }
            if breaker.failureShare <= 0 {
                faults.add("a share of nothing would open the circuit at once", at: (node["failures"] ?? node).location)
            }
        }
    }
}
