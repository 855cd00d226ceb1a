import Model
import Observation

/// What is remembered of loading configurations, for `/snapshot` and metrics.
struct LoadRecord: Sendable {
    /// Why a configuration was not taken.
    struct Refusal: Sendable {
        var at: WallTime
        var faults: [Fault]
    }

    private(set) var loadedAt = WallTime.now
    private(set) var compiledIn: Duration
    private var refusals = 0
    /// The last refusal since the last success.
    var lastRefusal: Refusal? {
        didSet { if lastRefusal != nil { refusals += 1 } }
    }

    init(compiledIn: Duration) { self.compiledIn = compiledIn }

    mutating func compiled(in duration: Duration) {
        loadedAt = .now
        compiledIn = duration
        lastRefusal = nil
    }

    var families: [MetricFamily] {
        func number(_ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: Double) -> MetricFamily {
            MetricFamily(name: name, help: help, kind: kind, samples: [MetricSample(value: .number(value))])
        }
        return [
            number(
                "daemun_config_last_reload_successful",
                "1 when the last configuration that was read is the one that is served.",
                .gauge,
                lastRefusal == nil ? 1 : 0
            ),
            number(
                "daemun_config_loaded_timestamp_seconds",
                "When the configuration that is served was loaded.",
                .gauge,
                loadedAt.seconds
            ),
            number("daemun_config_refused_total", "Configurations that were refused.", .counter, Double(refusals)),
        ]
    }
}
