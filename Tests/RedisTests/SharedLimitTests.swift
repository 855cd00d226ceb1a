import NIOCore
import Synchronization
import Testing

@testable import Redis

/// Many holders lease, spend, give back and die at random, over connections that break, and may never spend more together than the
/// limit says.
@Suite(.timeLimit(.minutes(5))) struct SharedLimitTests {
    /// Tokens that were spent, with the moments of their spending.
    private final class Spending: Sendable {
        private let moments = Mutex<[ContinuousClock.Instant]>([])

        func spend(_ count: Int, at moment: ContinuousClock.Instant) {
            moments.withLock { $0.append(contentsOf: Array(repeating: moment, count: count)) }
        }

        var all: [ContinuousClock.Instant] { moments.withLock { $0.sorted() } }
    }

    /// Leases and spends until nothing is left, or until `end`; now and then it dies and another one takes its place.
    private static func live(
        _ name: String,
        _ client: LoopedClient,
        _ limit: SharedLimit,
        until end: ContinuousClock.Instant,
        timeToLive: Int64,
        _ spending: Spending
    ) async {
        var life = 0
        var empty = 0
        while ContinuousClock.now < end, empty < 3 {
            life += 1
            var number: Int64 = 0
            var ended = LeaseRequest.Ended.none
            while ContinuousClock.now < end, empty < 3 {
                number += 1
                var request = LeaseRequest(
                    key: "k",
                    holder: "\(name)-\(life)",
                    number: number,
                    wanted: Int.random(in: 1...20),
                    timeToLive: timeToLive
                )
                request.ended = ended
                let sent = ContinuousClock.now
                guard case .success(let lease) = await client.lease(limit, request) else {
                    ended = .unanswered(number: number)
                    continue
                }
                if case .window = limit { empty = lease.granted == 0 ? empty + 1 : 0 }
                let spent = Int.random(in: 0...lease.granted)
                // One moment for both: between two, on a busy machine, a lease may end.
                let now = ContinuousClock.now
                if now - sent < .nanoseconds(lease.expiresAfter) { spending.spend(spent, at: now) }
                ended = .answered(number: number, unspent: lease.granted - spent)
                switch Int.random(in: 0..<20) {
                case 0: ended = .none  // Dies; nobody learns what it has spent.
                case 1...3:
                    // Twice, as when the first answer was lost.
                    for _ in 0..<2 { _ = await client.giveBack(limit, request, unspent: lease.granted - spent) }
                    ended = .none
                default: continue
                }
                break
            }
        }
    }

    private func run(
        _ limit: SharedLimit,
        options: [String],
        seconds: Int,
        timeToLive: Int64,
        kills: Int
    ) async throws -> [ContinuousClock.Instant] {
        let server = try RedisServerProcess(options)
        defer { server.kill() }
        let spending = Spending()
        var clients: [LoopedClient] = []
        for _ in 0..<6 { clients.append(try await server.connect { $0.timings.command = 300 * millisecond }) }
        let operatorsClient = try await server.connect()
        // Not before all are connected, which takes its time beside other tests.
        let end = ContinuousClock.now + .seconds(seconds)
        await withTaskGroup(of: Void.self) { group in
            for (index, client) in clients.enumerated() {
                group.addTask {
                    await Self.live("\(index)", client, limit, until: end, timeToLive: timeToLive, spending)
                }
            }
            for _ in 0..<kills {
                for _ in 0..<Int.random(in: 100...400) { _ = await operatorsClient.error(of: "PING") }
                if Bool.random() {
                    _ = await operatorsClient.error(of: "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                } else if options.contains("always") {
                    server.kill()
                    try? server.start()
                }
            }
            await group.waitForAll()
        }
        for client in clients + [operatorsClient] { try await client.stop() }
        return spending.all
    }

    @Test func `of a window never more is spent than its limit, however holders and servers die`() async throws {
        let limit = WindowLimit(limit: 20_000, start: 0, end: 1 << 50)
        let options = ["--appendonly", "yes", "--appendfsync", "always"]
        let spent = try await run(.window(limit), options: options, seconds: 20, timeToLive: 60_000, kills: 12)
        #expect(spent.count <= 20_000)
        // Dead holders and lost answers cost a lease each, not more.
        #expect(spent.count > 2000)
    }

    @Test func `in no stretch of time more is spent of a rate than its burst and what the stretch refills`()
        async throws
    {
        let rate = try #require(RateLimit(limit: 2000, period: 1_000_000, burst: 100))
        let spent = try await run(.rate(rate), options: [], seconds: 4, timeToLive: 200, kills: 6)
        #expect(spent.count > 1000)
        // Against every start of a stretch: tokens so far, less what was refilled so far, never rises by more than the burst.
        let start = try #require(spent.first)
        var least = Double.infinity
        var worst = 0.0
        for (index, moment) in spent.enumerated() {
            let refilled = (moment - start) / .seconds(1) * 2000
            least = min(least, Double(index) - refilled)
            worst = max(worst, Double(index + 1) - refilled - least)
        }
        #expect(worst <= 100)
    }
}
