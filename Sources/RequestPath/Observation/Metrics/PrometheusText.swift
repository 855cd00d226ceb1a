/// The text that Prometheus reads (exposition format 0.0.4).
public enum PrometheusText {
    /// The value of `Content-Type`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Renders families in their order; those of one name, given by several parts of the gateway, are joined at the
    /// place of the first.
    public static func render(_ families: [MetricFamily]) -> String {
        var order: [String] = []
        var byName: [String: [MetricFamily]] = [:]
        for family in families {
            if byName[family.name] == nil { order.append(family.name) }
            byName[family.name, default: []].append(family)
        }
        var text = ""
        for name in order {
            let joined = byName[name, default: []]
            guard let first = joined.first, joined.contains(where: { !$0.samples.isEmpty }) else { continue }
            text += "# HELP \(name) \(escape(first.help, quotes: false))\n# TYPE \(name) \(first.kind.rawValue)\n"
            for family in joined {
                for sample in family.samples { write(sample, name: name, to: &text) }
            }
        }
        return text
    }

    private static func write(_ sample: MetricSample, name: String, to text: inout String) {
        let labels = sample.labels.map { "\($0.name)=\"\(escape($0.value, quotes: true))\"" }.joined(separator: ",")
        switch sample.value {
        case .number(let number):
            text += labels.isEmpty ? "\(name) \(render(number))\n" : "\(name){\(labels)} \(render(number))\n"
        case .histogram(let histogram):
            let prefix = labels.isEmpty ? "" : labels + ","
            let suffix = labels.isEmpty ? "" : "{\(labels)}"
            var count = 0
            for (index, bucket) in histogram.counts.enumerated() {
                count += bucket
                let bound = index < histogram.bounds.count ? render(histogram.bounds[index]) : "+Inf"
                text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(count)\n"
            }
            text += "\(name)_sum\(suffix) \(render(histogram.sum))\n\(name)_count\(suffix) \(count)\n"
        }
    }

    private static func render(_ number: Double) -> String {
        if let whole = Int(exactly: number) { return String(whole) }
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number > 0 ? "+Inf" : "-Inf" }
        return String(number)
    }

    private static func escape(_ value: String, quotes: Bool) -> String {
        guard value.utf8.contains(where: { $0 == 0x0A || $0 == 0x22 || $0 == 0x5C }) else { return value }
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
