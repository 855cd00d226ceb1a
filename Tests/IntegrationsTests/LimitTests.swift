import Exchange
import Model
import NIOCore
import NIOEmbedded
import Selection
import Synchronization
import Testing

@testable import Integrations

/// What keeps requests away from targets and backends that have enough of them, or fail.
struct LimitTests {
    private func targets(_ count: Int) -> [Backend.Target] {
        (1...count).map { Backend.Target(host: "192.0.2.\($0)", port: 80) }
    }

    private func hosts(_ attempts: [Attempt]) -> [String: Int] {
        Dictionary(attempts.map { ($0.endpoint.target.host, 1) }, uniquingKeysWith: +)
    }

    private func end(_ attempts: [Attempt], on backend: EmbeddedBackend, _ outcome: CircuitBreaker.Outcome = .success) {
        for attempt in attempts { backend.upstream.ended(attempt, outcome, now: 0) }
    }

    // MARK: Concurrency

    @Test func `requests over a target's limit go to the others, and are refused when all are busy`() throws {
        let backend = try EmbeddedBackend(.sample(targets: targets(3), concurrency: 4))
        let attempts = try (0..<12).map { _ in try backend.begin() }
        #expect(hosts(attempts) == ["192.0.2.1": 4, "192.0.2.2": 4, "192.0.2.3": 4])
        #expect(throws: BackendFailure.targetBusy) { try backend.begin() }
        end(Array(attempts.prefix(1)), on: backend)
        #expect(try backend.begin().endpoint === attempts[0].endpoint)
        #expect(backend.upstream.status().map(\.totals.busy).reduce(0, +) >= 3)
    }

    @Test func `the limit is that of all workers together`() throws {
        let shared = InFlightCounts()
        let settings = Backend.sample(concurrency: 3)
        let workers = try (0..<2).map { _ in try EmbeddedBackend(settings, inFlight: shared) }
        let attempts = [try workers[0].begin(), try workers[1].begin(), try workers[0].begin()]
        for worker in workers { #expect(throws: BackendFailure.targetBusy) { try worker.begin() } }
        end([attempts[1]], on: workers[1])
        #expect(throws: Never.self) { try workers[0].begin() }
    }

    @Test func `a reload neither forgets what is in flight nor counts it twice`() throws {
        let backend = try EmbeddedBackend(.sample(concurrency: 2))
        let early = [try backend.begin(), try backend.begin()]
        // Gone, and back while its requests are still under way.
        try backend.apply(.sample(targets: [Backend.Target(host: "192.0.2.9", port: 80)], concurrency: 2))
        try backend.apply(.sample(concurrency: 3))
        let late = try backend.begin()
        #expect(throws: BackendFailure.targetBusy) { try backend.begin() }
        end(early, on: backend)
        end([late], on: backend)
        let attempts = try (0..<3).map { _ in try backend.begin() }
        #expect(throws: BackendFailure.targetBusy) { try backend.begin() }
        end(attempts, on: backend)
    }

    @Test func `a limit that comes or goes while requests are under way leaves the count right`() throws {
        let backend = try EmbeddedBackend(.sample(concurrency: nil))
        let uncounted = try backend.begin()
        try backend.apply(.sample(concurrency: 1))
        let counted = try backend.begin()
        end([uncounted], on: backend)
        #expect(throws: BackendFailure.targetBusy) { try backend.begin() }
        try backend.apply(.sample(concurrency: nil))
        let free = (try backend.begin(), try backend.begin())
        try backend.apply(.sample(concurrency: 1))
        end([free.0, free.1], on: backend)
        #expect(throws: BackendFailure.targetBusy) { try backend.begin() }
        end([counted], on: backend)
        #expect(throws: Never.self) { try backend.begin() }
    }

    /// How many are inside at once, at most.
    private final class Tally: Sendable {
        private let active = Atomic(0)
        let most = Atomic(0)

        func pass() {
            most.max(active.wrappingAdd(1, ordering: .relaxed).newValue, ordering: .relaxed)
            active.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    @Test func `many threads never have more in flight than the limit, and use all of it`() async {
        let count = InFlightCount()
        let tally = Tally()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<20_000 where count.enter(limit: 3) {
                        tally.pass()
                        count.leave()
                    }
                }
            }
        }
        #expect((1...3).contains(tally.most.load(ordering: .relaxed)))
        #expect((0..<4).map { _ in count.enter(limit: 3) } == [true, true, true, false])
    }

    @Test func `a count that nobody holds any more is forgotten`() {
        let counts = InFlightCounts()
        #expect(counts.count(backend: "b", target: 1).enter(limit: 1) == true)
        let held = counts.count(backend: "b", target: 1)
        #expect(held.enter(limit: 1) == true)
        #expect(counts.count(backend: "b", target: 1) === held)
        #expect(counts.count(backend: "other", target: 1) !== held)
    }

    // MARK: Pools

    @Test func `a full pool is tried at another target before the client is told`() throws {
        let pool = Backend.Pool(maxConnections: 1, maxWaiting: 0)
        let backend = try EmbeddedBackend(.sample(targets: targets(2), balance: .roundRobin, pool: pool))
        let connections = [try backend.open(), try backend.open()]
        connections[0].release(now: 0)
        let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        for _ in 0..<4 {
            let (_, client) = try backend.call(request)
            try backend.channels[0].writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
            #expect(client.status == 200)
        }
        _ = try backend.call(request)
        let (_, refused) = try backend.call(request)
        #expect((refused.status, refused.cause) == (503, "backend.pool-full"))
    }

    // MARK: The circuit

    private static let breaker = Backend.Breaker(minRequests: 4, failureShare: 0.5, duration: .seconds(5), probes: 1)

    @Test func `an open circuit refuses at once, whichever the target, and lets a probe through in time`() throws {
        let backend = try EmbeddedBackend(.sample(targets: targets(2), breaker: Self.breaker))
        for _ in 0..<4 {
            let attempt = try backend.begin(now: 0)
            backend.upstream.ended(attempt, .failure, now: 0)
        }
        #expect(throws: BackendFailure.circuitOpen(5_000_000_000)) { try backend.begin(now: 0) }
        #expect(throws: BackendFailure.circuitOpen(1_500_000_000)) { try backend.begin(now: 3_500_000_000) }
        let probe = try backend.begin(now: 5_000_000_000)
        #expect(throws: BackendFailure.circuitOpen(1_000_000_000)) { try backend.begin(now: 5_000_000_000) }
        backend.upstream.ended(probe, .success, now: 5_000_000_000)
        #expect(throws: Never.self) { try backend.begin(now: 5_000_000_000) }
        #expect(backend.upstream.circuit()?.timesOpened == 1)
        #expect(backend.upstream.status().map(\.active).reduce(0, +) == 1)
    }

    @Test(arguments: [(1, "1"), (1_000_000_000, "1"), (1_000_000_001, "2"), (4_999_999_999, "5")])
    func `the client is told when to come again`(time: UInt64, seconds: String) {
        let refusal = BackendFailure.circuitOpen(time).refusal
        #expect((refusal.status, refusal.cause) == (503, "backend.circuit-open"))
        #expect(refusal.fields == [ReplyField("Retry-After", seconds)])
    }

    @Test func `operators are told when the circuit opens and closes, once each`() throws {
        let backend = try EmbeddedBackend(.sample(breaker: Self.breaker))
        for _ in 0..<4 { backend.upstream.ended(try backend.begin(now: 0), .failure, now: 0) }
        for time: UInt64 in [5_000_000_000, 15_000_000_000] {
            let outcome: CircuitBreaker.Outcome = time == 5_000_000_000 ? .failure : .success
            backend.upstream.ended(try backend.begin(now: time), outcome, now: time)
        }
        for _ in 0..<2 {
            backend.upstream.ended(try backend.begin(now: 15_000_000_000), .success, now: 15_000_000_000)
        }
        #expect(
            backend.troubles.map(\.reason) == [
                "too many attempts fail, the circuit is open", "a probe has failed, the circuit is open",
                "the probes succeed, the circuit is closed",
            ]
        )
        #expect(backend.troubles.map(\.isOver) == [false, false, true])
        #expect(backend.troubles.allSatisfy { $0.backend == "b" && $0.target == nil })
    }

    @Test func `operators are told when a target is left out, and when it is back`() throws {
        let ejection = Backend.Ejection(failures: 2)
        let backend = try EmbeddedBackend(.sample(targets: targets(2), ejection: ejection))
        let early = try (0..<8).map { _ in try backend.begin(now: 0) }
        let ill = early[0].endpoint
        for attempt in early where attempt.endpoint === ill { backend.upstream.ended(attempt, .failure, now: 0) }
        #expect(backend.troubles.compactMap(\.target) == [ill.name])
        // Its next answer comes long after it was to return.
        let later: UInt64 = 3_600_000_000_000
        var late: [Attempt] = []
        while late.last?.endpoint !== ill, late.count < 1_000 { late.append(try backend.begin(now: later)) }
        for attempt in late { backend.upstream.ended(attempt, .success, now: later) }
        #expect(backend.troubles.map(\.isOver) == [false, true])
        #expect(backend.troubles.compactMap(\.target) == [ill.name, ill.name])
    }

    @Test func `a probe that finds no target leaves its place to another`() throws {
        let backend = try EmbeddedBackend(.sample(breaker: Self.breaker, concurrency: 1))
        for _ in 0..<4 { backend.upstream.ended(try backend.begin(now: 0), .failure, now: 0) }
        let probe = try backend.begin(now: 5_000_000_000)
        backend.upstream.ended(probe, .success, now: 5_000_000_000)
        let busy = try backend.begin(now: 5_000_000_000)
        for _ in 0..<10 { #expect(throws: BackendFailure.targetBusy) { try backend.begin(now: 5_000_000_000) } }
        end([busy], on: backend)
        #expect(throws: Never.self) { try backend.begin(now: 5_000_000_000) }
    }

    @Test func `a reload keeps the circuit as it is, unless its settings have changed`() throws {
        let backend = try EmbeddedBackend(.sample(breaker: Self.breaker))
        for _ in 0..<4 { backend.upstream.ended(try backend.begin(now: 0), .failure, now: 0) }
        try backend.apply(.sample(targets: targets(2), breaker: Self.breaker))
        #expect(throws: BackendFailure.circuitOpen(5_000_000_000)) { try backend.begin(now: 0) }
        var other = Self.breaker
        other.probes = 2
        try backend.apply(.sample(targets: targets(2), breaker: other))
        #expect(throws: Never.self) { try backend.begin(now: 0) }
    }

    @Test func `without a breaker no number of failures stops a backend`() throws {
        let backend = try EmbeddedBackend()
        for _ in 0..<1_000 { backend.upstream.ended(try backend.begin(now: 0), .failure, now: 0) }
        #expect(throws: Never.self) { try backend.begin(now: 0) }
        #expect(backend.upstream.circuit() == nil)
    }
}
