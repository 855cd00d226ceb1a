internal import Exchange

/// TLS handshakes by version and result.
struct HandshakeCounts: Sendable {
    private var completed: [String: Int] = [:]
    private var failed = BoundedCounts(limit: 64)

    mutating func count(_ result: HandshakeResult) {
        switch result {
        case .completed(let version): completed["\(version)", default: 0] += 1
        case .failed(let reason): failed.add(1, to: reason)
        }
    }

    mutating func add(_ others: HandshakeCounts) {
        completed.merge(others.completed, uniquingKeysWith: +)
        failed.add(others.failed)
    }

    var family: MetricFamily {
        let samples =
            completed.sorted { $0.key < $1.key }.map { sample(version: $0, result: "completed", $1) }
            + failed.counts.sorted { $0.key < $1.key }.map { sample(version: "-", result: $0, $1) }
        return MetricFamily(
            name: "daemun_tls_handshakes_total",
            help: "Clients' TLS handshakes by version, and by why they failed.",
            kind: .counter,
            samples: samples
        )
    }

    private func sample(version: String, result: String, _ count: Int) -> MetricSample {
        MetricSample(
            [MetricLabel("version", version), MetricLabel("result", result)],
            value: .number(Double(count))
        )
    }
}
