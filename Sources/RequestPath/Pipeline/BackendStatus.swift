import Integrations
import Observation

/// What one worker knows of a backend's endpoints, for metrics.
struct BackendStatus: Sendable {
    var name: String
    /// Whether its certificates are not verified.
    var trustsAnybody = false
    var endpoints: [EndpointStatus]

    private struct Key: Hashable {
        var backend: String
        var target: String
    }

    /// The families for all workers together: counts are added up, and a target is healthy when every worker holds it so.
    static func families(_ all: [BackendStatus]) -> [MetricFamily] {
        var order: [Key] = []
        var sums: [Key: EndpointStatus] = [:]
        for status in all {
            for endpoint in status.endpoints {
                let key = Key(backend: status.name, target: endpoint.name)
                guard var sum = sums[key] else {
                    order.append(key)
                    sums[key] = endpoint
                    continue
                }
                sum.add(endpoint)
                sums[key] = sum
            }
        }
        func family(_ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: (EndpointStatus) -> Int)
            -> MetricFamily
        {
            let samples = order.compactMap { key in
                sums[key].map { status in
                    MetricSample(
                        [MetricLabel("backend", key.backend), MetricLabel("target", key.target)],
                        value: .number(Double(value(status)))
                    )
                }
            }
            return MetricFamily(name: name, help: help, kind: kind, samples: samples)
        }
        let unverified = MetricFamily(
            name: "daemun_backend_tls_unverified",
            help: "1 for a backend whose certificates are not verified.",
            kind: .gauge,
            samples: Set(all.filter(\.trustsAnybody).map(\.name)).sorted().map { name in
                MetricSample([MetricLabel("backend", name)], value: .number(1))
            }
        )
        return [
            family("daemun_backend_requests_active", "Requests in flight.", .gauge, \.active),
            family("daemun_backend_connections_open", "Connections open or being opened.", .gauge, \.open),
            family("daemun_backend_connections_idle", "Connections at rest.", .gauge, \.idle),
            family("daemun_backend_requests_waiting", "Requests in line for a connection.", .gauge, \.waiting),
            family("daemun_backend_failures_total", "Attempts that the target failed.", .counter, \.failures),
            family("daemun_backend_healthy", "1 while the active checks hold the target healthy.", .gauge) {
                $0.isHealthy ? 1 : 0
            },
            family("daemun_backend_ejected", "Workers that leave the target out after failures.", .gauge, \.ejections),
            unverified,
        ]
    }
}
