import Observation

/// What the workers admit and refuse, for metrics.
struct AdmissionStatus: Sendable {
    /// Client connections that the process may hold.
    var connectionLimit: Int
    /// `nil` while overload is not measured.
    var shedding: RequestAdmission.Status?
    /// `nil` while requests in flight are not counted.
    var requestsInFlight: Int?

    /// The families for all workers together; of several the worst one's figures.
    static func families(_ all: [AdmissionStatus]) -> [MetricFamily] {
        func gauge(_ name: String, _ help: String, _ value: Double?) -> MetricFamily {
            let samples = value.map { [MetricSample(value: .number($0))] }
            return MetricFamily(name: name, help: help, kind: .gauge, samples: samples ?? [])
        }
        return [
            gauge(
                "daemun_client_connections_limit",
                "Clients' connections that the process may hold.",
                all.map { Double($0.connectionLimit) }.max()
            ),
            gauge(
                "daemun_requests_in_flight",
                "Requests that are counted for limits.requests.",
                all.compactMap(\.requestsInFlight).max().map(Double.init)
            ),
            gauge(
                "daemun_overload_delay_seconds",
                "By how much the latest worker's event loop is behind at least.",
                all.compactMap(\.shedding?.delay).max().map { Double($0) / 1e9 }
            ),
            gauge(
                "daemun_overload_refused_share",
                "The share of requests that the busiest worker refuses.",
                all.compactMap(\.shedding?.share).max()
            ),
        ]
    }
}
