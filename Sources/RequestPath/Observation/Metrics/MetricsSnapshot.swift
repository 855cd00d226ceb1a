internal import Exchange

/// The counters of one worker, or of several together, at one time.
public struct MetricsSnapshot: Sendable {
    var counts: RouteCounts
    var causes: BoundedCounts
    var retries: BoundedCounts
    var connections: ConnectionCounts
    var tunnels: ConnectionCounts
    var handshakes: HandshakeCounts
    /// The configuration's revision that the worker serves; of several workers the lowest.
    public internal(set) var revision: Int

    /// Adds the counters of all workers up, in the layout of the newest snapshot among them; `nil` without workers.
    public static func merged(_ snapshots: [MetricsSnapshot]) -> MetricsSnapshot? {
        guard var merged = snapshots.max(by: { $0.revision < $1.revision }) else { return nil }
        let layout = merged.counts.layout
        merged.counts = RouteCounts(layout: layout)
        merged.causes = BoundedCounts(limit: .max)
        merged.retries = BoundedCounts(limit: .max)
        merged.connections = ConnectionCounts()
        merged.tunnels = ConnectionCounts()
        merged.handshakes = HandshakeCounts()
        for snapshot in snapshots {
            merged.counts.add(snapshot.counts.moved(to: layout))
            merged.causes.add(snapshot.causes)
            merged.retries.add(snapshot.retries)
            merged.connections.add(snapshot.connections)
            merged.tunnels.add(snapshot.tunnels)
            merged.handshakes.add(snapshot.handshakes)
            merged.revision = min(merged.revision, snapshot.revision)
        }
        return merged
    }

    /// The counters as families for `PrometheusText`.
    public var families: [MetricFamily] {
        counts.families + [
            MetricFamily(
                name: "daemun_requests_by_cause_total",
                help: "Calls that the gateway itself answered or gave up, by cause.",
                kind: .counter,
                samples: samples(of: causes, label: "cause")
            ),
            MetricFamily(
                name: "daemun_backend_retries_total",
                help: "Attempts at a backend after a call's first.",
                kind: .counter,
                samples: samples(of: retries, label: "backend")
            ),
            number(
                "daemun_client_connections",
                "Clients' connections that are open.",
                .gauge,
                connections.active
            ),
            number(
                "daemun_client_connections_total",
                "Clients' connections that were accepted.",
                .counter,
                connections.total
            ),
            number("daemun_websockets_open", "WebSocket connections that are open.", .gauge, tunnels.active),
            number(
                "daemun_websockets_total",
                "WebSocket connections that were opened.",
                .counter,
                tunnels.total
            ),
            handshakes.family,
            MetricFamily(
                name: "daemun_client_connections_refused_total",
                help: "Clients' connections that were closed before they could bring a request, by reason.",
                kind: .counter,
                samples: connections.refused.sorted { $0.key.rawValue < $1.key.rawValue }.map { reason, count in
                    MetricSample([MetricLabel("reason", reason.rawValue)], value: .number(Double(count)))
                }
            ),
            number(
                "daemun_snapshot_revision",
                "The configuration's revision that every worker serves at least.",
                .gauge,
                revision
            ),
        ]
    }

    private func samples(of counts: BoundedCounts, label: String) -> [MetricSample] {
        counts.counts.sorted { $0.key < $1.key }.map { name, count in
            MetricSample([MetricLabel(label, name)], value: .number(Double(count)))
        }
    }

    private func number(_ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: Int) -> MetricFamily {
        MetricFamily(name: name, help: help, kind: kind, samples: [MetricSample(value: .number(Double(value)))])
    }
}
