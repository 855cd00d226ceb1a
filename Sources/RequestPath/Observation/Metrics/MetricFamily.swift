/// All samples of one metric, in a form that any part of the gateway can give and `PrometheusText` renders.
public struct MetricFamily: Sendable, Equatable {
    /// How the values behave over time.
    public enum Kind: String, Sendable {
        /// Only grows, until the process starts anew.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts of observed values by size.
        case histogram
    }

    /// `daemun_`, the thing, its base unit (`seconds`, `bytes`), and `_total` for a counter: `[a-z_]+`.
    public var name: String
    /// One sentence for the reader of `/metrics`.
    public var help: String
    /// How the values behave.
    public var kind: Kind
    /// The values; no two with the same labels.
    public var samples: [MetricSample]

    /// Makes a family.
    public init(name: String, help: String, kind: Kind, samples: [MetricSample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }
}

/// One value and what it is a value of.
public struct MetricSample: Sendable, Equatable {
    /// What the value is about, in the order in which it is written. The set of values must be bounded.
    public var labels: [MetricLabel]
    /// The value.
    public var value: MetricValue

    /// Makes a sample.
    public init(_ labels: [MetricLabel] = [], value: MetricValue) {
        self.labels = labels
        self.value = value
    }
}

/// A name with a value that tells samples of one family apart.
public struct MetricLabel: Sendable, Equatable {
    /// `[a-z_]+`; not `le`.
    public var name: String
    /// Any text.
    public var value: String

    /// Makes a label.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What a sample says.
public enum MetricValue: Sendable, Equatable {
    /// Of a counter or a gauge.
    case number(Double)
    /// Of a histogram.
    case histogram(HistogramValue)
}

/// The observed values of one histogram, counted by size.
public struct HistogramValue: Sendable, Equatable {
    /// The buckets' upper bounds (a value that equals a bound is within it), ascending, in the family's unit.
    public var bounds: [Double]
    /// How many values fell into each bucket alone, and last how many are above all bounds.
    public var counts: [Int]
    /// The sum of the observed values, in the family's unit.
    public var sum: Double

    /// Makes a value; `counts` has one element more than `bounds`.
    public init(bounds: [Double], counts: [Int], sum: Double) {
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }
}
