import Exchange
import Foundation
import Testing

@testable import Observation

private func identity(_ route: String, api: String = "orders", index: Int) -> RouteIdentity {
    RouteIdentity(api: api, stage: "$default", routeKey: route, resourcePath: route, index: index)
}

extension Metrics {
    fileprivate func record(_ route: RouteIdentity?, status: Int = 200, cause: Cause? = nil) {
        var call = SampleCall()
        call.route = route
        call.record.status = status
        call.record.cause = cause
        record(call.exchange())
    }

    fileprivate var values: [String: Double] {
        get throws { try PrometheusChecker(PrometheusText.render(snapshot().families)).values }
    }
}

private func requests(_ route: String, api: String = "orders", stage: String = "$default", _ status: String) -> String {
    "daemun_requests_total{api=\"\(api)\",stage=\"\(stage)\",route=\"\(route)\",status_class=\"\(status)\"}"
}

@Suite struct MetricsTests {
    private let first = identity("GET /a", index: 0)
    private let second = identity("GET /b", index: 1)

    @Test(arguments: [(101, "1xx"), (200, "2xx"), (304, "3xx"), (404, "4xx"), (499, "4xx"), (599, "5xx"), (0, "none")])
    func `a call is counted by its route and the class of its status`(status: Int, label: String) throws {
        let metrics = Metrics(MetricsLayout(routes: [first, second]))
        metrics.record(second, status: status)
        metrics.record(nil, status: status)
        let counted = try metrics.values.filter { $0.key.hasPrefix("daemun_requests_total") }
        #expect(counted == [requests("GET /b", label): 1, requests("-", api: "-", stage: "-", label): 1])
    }

    @Test func `durations are told apart by who took them`() throws {
        let metrics = Metrics(MetricsLayout(routes: [first]))
        metrics.record(first)
        let values = try metrics.values
        func bucket(_ name: String, _ bound: String) -> Double? {
            values["daemun_\(name)_seconds_bucket{api=\"orders\",stage=\"$default\",le=\"\(bound)\"}"]
        }
        #expect(bucket("request_duration", "0.01") == 0)
        #expect(bucket("request_duration", "0.025") == 1)
        #expect(bucket("backend_duration", "0.01") == 0)
        #expect(bucket("backend_duration", "0.025") == 1)
        #expect(bucket("overhead", "0.0002") == 0)
        #expect(bucket("overhead", "0.0005") == 1)
        #expect(values["daemun_request_duration_seconds_sum{api=\"orders\",stage=\"$default\"}"] == 0.012345678)
        #expect(values["daemun_response_body_bytes_total{api=\"orders\",stage=\"$default\"}"] == 512)
    }

    @Test func `a refused call has overhead and no backend, an unreachable backend the reverse`() throws {
        let metrics = Metrics(MetricsLayout(routes: [first]))
        metrics.record(SampleCall.refused(status: 405, cause: "route.method").exchange())
        #expect(try metrics.values.contains { $0.key.hasPrefix("daemun_overhead_seconds_count") })
        #expect(try !metrics.values.contains { $0.key.hasPrefix("daemun_backend_duration") })

        let unreachable = Metrics(MetricsLayout(routes: [first]))
        var call = SampleCall.refused(status: 502, cause: "backend.connect")
        call.record.attempts = 2
        call.record.backend = "orders"
        unreachable.record(call.exchange())
        #expect(try !unreachable.values.contains { $0.key.hasPrefix("daemun_overhead") })
        #expect(try unreachable.values["daemun_backend_retries_total{backend=\"orders\"}"] == 1)
    }

    @Test func `causes beyond the limit share one count`() throws {
        let metrics = Metrics(MetricsLayout(routes: []))
        for number in 0..<200 {
            metrics.record(nil, status: 500, cause: Cause("cause.\(number)"))
            metrics.record(nil, status: 500, cause: "cause.7")
        }
        let counted = try metrics.values.filter { $0.key.hasPrefix("daemun_requests_by_cause_total") }
        #expect(counted.count == 129)
        #expect(counted["daemun_requests_by_cause_total{cause=\"other\"}"] == 72)
        #expect(counted["daemun_requests_by_cause_total{cause=\"cause.7\"}"] == 201)
    }

    @Test func `connections are counted as they come and go`() throws {
        let metrics = Metrics()
        for _ in 0..<3 { metrics.connectionOpened() }
        metrics.connectionClosed()
        #expect(try metrics.values["daemun_client_connections"] == 2)
        #expect(try metrics.values["daemun_client_connections_total"] == 3)
    }

    @Test func `a reload carries counts over by name and drops what is gone`() throws {
        let metrics = Metrics(MetricsLayout(routes: [first, second]), revision: 1)
        for _ in 0..<3 { metrics.record(first) }
        metrics.record(second)
        let moved = identity("GET /a", index: 5)
        metrics.adopt(MetricsLayout(routes: [identity("GET /c", api: "new", index: 0), moved]), revision: 2)
        metrics.record(moved)
        // These calls began before the reload.
        metrics.record(first)
        metrics.record(second)
        let values = try metrics.values
        #expect(values[requests("GET /a", "2xx")] == 5)
        #expect(values[requests("GET /b", "2xx")] == nil)
        #expect(values[requests("other", api: "other", stage: "other", "2xx")] == 1)
        #expect(values["daemun_request_duration_seconds_count{api=\"orders\",stage=\"$default\"}"] == 7)
        #expect(values["daemun_snapshot_revision"] == 2)
    }

    @Test func `routes beyond the limit share their API's count`() throws {
        let routes = (0..<2_500).map { identity("GET /\($0)", api: $0 < 2_000 ? "big" : "late", index: $0) }
        let metrics = Metrics(MetricsLayout(routes: routes))
        for route in routes { metrics.record(route) }
        let values = try metrics.values
        #expect(values.count { $0.key.hasPrefix("daemun_requests_total") } == 1_002)
        #expect(values[requests("GET /999", api: "big", "2xx")] == 1)
        #expect(values[requests("other", api: "big", "2xx")] == 1_000)
        #expect(values[requests("other", api: "late", "2xx")] == 500)
    }

    @Test func `APIs beyond the limit share one set of histograms`() throws {
        let routes = (0..<2_000).map { identity("GET /", api: "api\($0)", index: $0) }
        let metrics = Metrics(MetricsLayout(routes: routes))
        for route in routes { metrics.record(route) }
        let values = try metrics.values
        #expect(values.count { $0.key.hasPrefix("daemun_overhead_seconds_count") } == 101)
        #expect(values["daemun_overhead_seconds_count{api=\"other\",stage=\"other\"}"] == 1_900)
        #expect(values[requests("other", api: "other", stage: "other", "2xx")] == 1_000)
    }

    @Test func `a snapshot does not change while counting goes on`() throws {
        let metrics = Metrics(MetricsLayout(routes: [first]))
        metrics.record(first)
        let snapshot = metrics.snapshot()
        metrics.record(first)
        let values = try PrometheusChecker(PrometheusText.render(snapshot.families)).values
        #expect(values[requests("GET /a", "2xx")] == 1)
    }

    @Test func `workers are added up, also across a reload`() throws {
        let old = Metrics(MetricsLayout(routes: [first, second]), revision: 1)
        let new = Metrics(MetricsLayout(routes: [identity("GET /b", index: 0)]), revision: 2)
        for metrics in [old, new] {
            metrics.connectionOpened()
            metrics.record(second, status: 503, cause: "backend.timeout")
        }
        let merged = try #require(MetricsSnapshot.merged([old.snapshot(), new.snapshot()]))
        let values = try PrometheusChecker(PrometheusText.render(merged.families)).values
        #expect(values[requests("GET /b", "5xx")] == 2)
        #expect(values["daemun_requests_by_cause_total{cause=\"backend.timeout\"}"] == 2)
        #expect(values["daemun_client_connections"] == 2)
        #expect(values["daemun_snapshot_revision"] == 1)
        #expect(MetricsSnapshot.merged([]) == nil)
    }
}

@Suite struct BucketsTests {
    @Test(arguments: [Buckets.durations, .overheads])
    func `a value falls into the first bucket that holds it`(buckets: Buckets) {
        for (index, bound) in buckets.bounds.enumerated() {
            #expect(buckets.index(of: bound) == index)
            #expect(buckets.index(of: bound - 1) == index)
            #expect(buckets.index(of: bound + 1) == index + 1)
        }
        #expect(buckets.index(of: 0) == 0)
        #expect(buckets.index(of: .max) == buckets.bounds.count)
        #expect(buckets.bounds == buckets.bounds.sorted())
    }

    @Test func `the bounds span what they should`() {
        #expect(Buckets.durations.bounds.first == 100_000 && Buckets.durations.bounds.last == 60_000_000_000)
        #expect(Buckets.overheads.bounds.first == 1_000 && Buckets.overheads.bounds.last == 100_000_000)
    }
}

@Suite struct CallDurationsTests {
    private func durations(_ times: UInt64...) -> CallDurations {
        var record = ExchangeRecord()
        (record.receivedAt, record.sentToBackendAt) = (times[0], times[1])
        (record.backendEndedAt, record.endedAt) = (times[2], times[3])
        return CallDurations(record)
    }

    @Test func `a backend that was given up took the time until the end`() {
        #expect(durations(10, 20, 0, 50).backend == 30)
        #expect(durations(10, 20, 45, 50).overhead == 15)
    }

    @Test(arguments: [[0, 0, 0, 0], [10, 0, 0, 0], [0, 0, 0, 10], [50, 60, 70, 40], [0, 5, 8, 10]] as [[UInt64]])
    func `times that are missing or out of order never make a negative duration`(times: [UInt64]) {
        let durations = durations(times[0], times[1], times[2], times[3])
        #expect(durations.total == 0 && durations.backend == 0 && durations.overhead == 0)
    }
}

@Suite struct PrometheusTextTests {
    @Test func `label values and help texts are escaped`() throws {
        let family = MetricFamily(
            name: "daemun_x",
            help: "a \"quoted\"\nback\\slash",
            kind: .gauge,
            samples: [MetricSample([MetricLabel("target", "a\"b\\c\nd é")], value: .number(0.5))]
        )
        let expected = """
            # HELP daemun_x a "quoted"\\nback\\\\slash
            # TYPE daemun_x gauge
            daemun_x{target="a\\"b\\\\c\\nd é"} 0.5

            """
        #expect(PrometheusText.render([family]) == expected)
        #expect(try PrometheusChecker(expected).values == ["daemun_x{target=\"a\"b\\c\nd é\"}": 0.5])
    }

    @Test(arguments: [
        (1.0, "1"), (-2, "-2"), (1e15, "1000000000000000"), (1e-7, "1e-07"), (.infinity, "+Inf"), (.nan, "NaN"),
    ])
    func `a number is written as Go reads it`(number: Double, expected: String) {
        let family = MetricFamily(name: "x", help: "", kind: .gauge, samples: [MetricSample(value: .number(number))])
        #expect(PrometheusText.render([family]).split(separator: "\n").last == "x \(expected)")
    }

    @Test func `families of one name from several parts are one`() throws {
        func family(_ target: String) -> MetricFamily {
            let sample = MetricSample([MetricLabel("target", target)], value: .number(1))
            return MetricFamily(name: "daemun_pool_connections", help: "Open.", kind: .gauge, samples: [sample])
        }
        let between = MetricFamily(name: "daemun_none", help: "Empty.", kind: .gauge, samples: [])
        let checker = try PrometheusChecker(PrometheusText.render([family("a"), between, family("b")]))
        #expect(checker.values.count == 2)
        #expect(checker.types == ["daemun_pool_connections": "gauge"])
    }
}
