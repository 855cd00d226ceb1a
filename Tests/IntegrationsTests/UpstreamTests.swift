import Exchange
import Model
import NIOEmbedded
import Selection
import Testing

@testable import Integrations

struct UpstreamTests {
    private func targets(_ weights: Int...) -> [Backend.Target] {
        weights.enumerated().map { Backend.Target(host: "192.0.2.\($0 + 1)", port: 80, weight: $1) }
    }

    @Test func `a reload that changes weights only is obeyed`() throws {
        let backend = try EmbeddedBackend(.sample(targets: targets(1, 1), balance: .roundRobin))
        try backend.apply(.sample(targets: targets(1, 9), balance: .roundRobin))
        var counts: [String: Int] = [:]
        for _ in 0..<100 { counts[try backend.endpoint.name, default: 0] += 1 }
        #expect(counts == ["192.0.2.1:80": 10, "192.0.2.2:80": 90])
    }

    @Test func `a reload of the pool's limits keeps connections and the count of what is in flight`() throws {
        let backend = try EmbeddedBackend()
        let endpoint = try backend.endpoint
        endpoint.release(try backend.open(), now: 0)
        let attempt = try backend.begin()
        try backend.apply(.sample(pool: Backend.Pool(maxConnections: 7)))
        #expect(backend.upstream.status().map(\.idle) == [1])
        #expect(backend.upstream.status().map(\.active) == [1])
        backend.upstream.ended(attempt, .success, now: 0)
        #expect(backend.upstream.status().map(\.active) == [0])
    }

    @Test func `connections over a lowered limit are closed as they become free`() throws {
        let backend = try EmbeddedBackend()
        let connections = [try backend.open(), try backend.open()]
        try backend.apply(.sample(pool: Backend.Pool(maxConnections: 1)))
        for connection in connections { try backend.endpoint.release(connection, now: 0) }
        #expect(backend.channels.map(\.isActive) == [false, true])
        #expect(backend.upstream.status().map(\.open) == [1])
    }

    @Test func `the verdict on a target goes with it`() throws {
        let backend = try EmbeddedBackend(.sample(targets: targets(1, 1)))
        let endpoint = try backend.endpoint
        backend.upstream.setHealth(of: endpoint.identity, isHealthy: false)
        var settings = Backend.sample(targets: targets(1, 1))
        settings.health = Backend.HealthCheck(path: "/")
        settings.targets.removeAll { $0.host == endpoint.target.host }
        try backend.apply(settings)
        settings.targets = targets(1, 1)
        try backend.apply(settings)
        #expect(backend.upstream.status().map(\.isHealthy) == [true, true])
    }

    @Test func `a target that a reload removes is drained`() throws {
        let backend = try EmbeddedBackend(.sample(targets: targets(1)))
        let endpoint = try backend.endpoint
        let (idle, busy) = (try backend.open(), try backend.open())
        endpoint.release(idle, now: 0)
        try backend.apply(.sample(targets: [Backend.Target(host: "192.0.2.9", port: 80)]))
        #expect(backend.upstream.status().map(\.name) == ["192.0.2.9:80"])
        #expect(backend.channels.map(\.isActive) == [false, true])
        endpoint.release(busy, now: 0)
        #expect(backend.channels.map(\.isActive) == [false, false])
    }
}
