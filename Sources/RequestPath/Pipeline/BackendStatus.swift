import Integrations
import Observation

/// What one worker knows of a backend, for metrics.
struct BackendStatus: Sendable {
    var name: String
    /// Whether its certificates are not verified.
    var trustsAnybody: Bool
    var endpoints: [EndpointStatus]
    /// `nil` without a circuit breaker.
    var circuit: CircuitStatus?

    init(_ upstream: Upstream) {
        name = upstream.name
        trustsAnybody = upstream.trustsAnybody
        endpoints = upstream.status()
        circuit = upstream.circuit()
    }

    /// The families for all workers together: counts are added up, and a target is healthy when every worker holds it so.
    static func families(_ all: [BackendStatus]) -> [MetricFamily] {
        endpointFamilies(all) + circuitFamilies(all) + [unverified(all)]
    }

    private static func unverified(_ all: [BackendStatus]) -> MetricFamily {
        MetricFamily(
            name: "daemun_backend_tls_unverified",
            help: "1 for a backend whose certificates are not verified.",
            kind: .gauge,
            samples: Set(all.filter(\.trustsAnybody).map(\.name)).sorted().map { name in
                MetricSample([MetricLabel("backend", name)], value: .number(1))
            }
        )
    }

    private struct Key: Hashable {
        var backend: String
        var target: String
    }

    private static func endpointFamilies(_ all: [BackendStatus]) -> [MetricFamily] {
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
        return [
            family("daemun_backend_requests_active", "Requests in flight.", .gauge, \.active),
            family("daemun_backend_connections_open", "Connections open or being opened.", .gauge, \.open),
            family("daemun_backend_connections_idle", "Connections at rest.", .gauge, \.idle),
            family("daemun_backend_requests_waiting", "Requests in line for a connection.", .gauge, \.waiting),
            family("daemun_backend_failures_total", "Attempts that the target failed.", .counter, \.totals.failures),
            family("daemun_backend_healthy", "1 while the active checks hold the target healthy.", .gauge) {
                $0.isHealthy ? 1 : 0
            },
            family("daemun_backend_ejected", "Workers that leave the target out after failures.", .gauge, \.ejected),
            family("daemun_backend_ejections_total", "Times that a worker left it out.", .counter, \.totals.ejections),
            family(
                "daemun_backend_busy_total",
                "Requests that the target did not get, having as many in flight as it may have.",
                .counter,
                \.totals.busy
            ),
        ]
    }

    /// Empty when no backend has a circuit breaker.
    private static func circuitFamilies(_ all: [BackendStatus]) -> [MetricFamily] {
        var order: [String] = []
        var sums: [String: CircuitStatus] = [:]
        for status in all {
            guard let circuit = status.circuit else { continue }
            guard var sum = sums[status.name] else {
                order.append(status.name)
                sums[status.name] = circuit
                continue
            }
            sum.add(circuit)
            sums[status.name] = sum
        }
        guard !order.isEmpty else { return [] }
        func family(_ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: (CircuitStatus) -> Int)
            -> MetricFamily
        {
            let samples = order.compactMap { backend in
                sums[backend].map { circuit in
                    MetricSample([MetricLabel("backend", backend)], value: .number(Double(value(circuit))))
                }
            }
            return MetricFamily(name: name, help: help, kind: kind, samples: samples)
        }
        return [
            family("daemun_backend_circuit_open", "Workers whose circuit is open.", .gauge, \.open),
            family("daemun_backend_circuit_half_open", "Workers whose circuit is half-open.", .gauge, \.halfOpen),
            family(
                "daemun_backend_circuit_opened_total",
                "Times that a worker opened its circuit.",
                .counter,
                \.timesOpened
            ),
        ]
    }
}
