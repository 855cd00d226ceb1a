import NIOCore
import RESP
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(5))) struct LeaseTests {
    private let year: Int64 = 365 * 86_400_000

    /// A window that now is in the middle of.
    private func window(_ limit: Int) -> WindowLimit { WindowLimit(limit: limit, start: 0, end: 200 * year) }

    private func request(_ holder: String, _ number: Int64, wanted: Int) -> LeaseRequest {
        LeaseRequest(key: "k", holder: holder, number: number, wanted: wanted, timeToLive: 60_000)
    }

    @Test func `a window is leased until it is empty`() async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        let limit = SharedLimit.window(window(100))
        let first = try await client.lease(limit, request("a", 1, wanted: 60)).get()
        #expect(first.granted == 60 && first.remaining == 40 && first.retryAfter == 0)
        let second = try await client.lease(limit, request("b", 1, wanted: 60)).get()
        #expect(second.granted == 40 && second.remaining == 0)
        let third = try await client.lease(limit, request("c", 1, wanted: 60)).get()
        #expect(third.granted == 0 && third.retryAfter == third.resetsAfter && third.retryAfter > 0)
        // A smaller limit admits nothing, and a larger one what it is larger by.
        let smaller = try await client.lease(.window(window(50)), request("d", 1, wanted: 60)).get()
        #expect(smaller.granted == 0)
        let larger = try await client.lease(.window(window(110)), request("e", 1, wanted: 60)).get()
        #expect(larger.granted == 10)
        try await client.stop()
    }

    @Test(arguments: [true, false])
    func `sent twice a request is granted once, and one that was overtaken not at all`(isWindow: Bool) async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        let rate = try #require(RateLimit(limit: 1, period: 3_600_000_000, burst: 100))
        let limit = isWindow ? SharedLimit.window(window(100)) : .rate(rate)
        for _ in 0..<3 {
            let lease = try await client.lease(limit, request("a", 2, wanted: 10)).get()
            #expect(lease.granted == 10 && lease.remaining == 90)
        }
        #expect(await client.lease(limit, request("a", 1, wanted: 10)) == .failure(.overtaken))
        var next = request("a", 3, wanted: 10)
        next.ended = .answered(number: 2, unspent: 4)
        #expect(try await client.lease(limit, next).get().remaining == 84)
        #expect(try await client.lease(limit, next).get().remaining == 84)
        try await client.stop()
    }

    @Test(arguments: [true, false])
    func `what is given back is there again, once and never more than was leased`(isWindow: Bool) async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        let rate = try #require(RateLimit(limit: 1, period: 3_600_000_000, burst: 100))
        let limit = isWindow ? SharedLimit.window(window(100)) : .rate(rate)
        let first = request("a", 1, wanted: 60)
        _ = try await client.lease(limit, first).get()
        #expect(try await client.giveBack(limit, request("a", 2, wanted: 0), unspent: 5).get() == 0)
        #expect(try await client.giveBack(limit, request("b", 1, wanted: 0), unspent: 5).get() == 0)
        #expect(try await client.giveBack(limit, first, unspent: 1000).get() == 60)
        #expect(try await client.giveBack(limit, first, unspent: 1000).get() == 0)
        #expect(try await client.lease(limit, request("b", 1, wanted: 1000)).get().granted == 100)
        try await client.stop()
    }

    @Test(arguments: [true, false])
    func `kept tokens stay the holder's, and an answer that never came costs nothing`(isWindow: Bool) async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        let rate = try #require(RateLimit(limit: 1, period: 3_600_000_000, burst: 100))
        let limit = isWindow ? SharedLimit.window(window(100)) : .rate(rate)
        _ = try await client.lease(limit, request("a", 1, wanted: 20)).get()
        var second = request("a", 2, wanted: 30)
        second.ended = .answered(number: 1, unspent: 5)
        second.kept = 10
        // Of 20 were spent 5, kept 10, and 5 came back before 30 were granted.
        #expect(try await client.lease(limit, second).get().remaining == 55)
        var third = request("a", 3, wanted: 0)
        third.ended = .unanswered(number: 2)
        third.kept = 10
        #expect(try await client.lease(limit, third).get().remaining == 85)
        // Never sent, so that the second one's record is gone and the third one's stands.
        var fifth = request("a", 5, wanted: 1)
        fifth.ended = .unanswered(number: 4)
        fifth.kept = 8
        #expect(try await client.lease(limit, fifth).get().remaining == 84)
        #expect(try await client.giveBack(limit, fifth, unspent: 9).get() == 9)
        try await client.stop()
    }

    @Test func `outside of its window nothing is leased`() async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        for limit in [
            WindowLimit(limit: 1, start: 0, end: 1000), WindowLimit(limit: 1, start: 200 * year, end: 201 * year),
        ] {
            guard
                case .failure(.outsideWindow(let now)) = await client.lease(.window(limit), request("a", 1, wanted: 1))
            else {
                Issue.record("leased")
                continue
            }
            #expect(now > 50 * year)
        }
        #expect(try await client.send("DBSIZE").integer == 0)
        try await client.stop()
    }

    @Test func `a rate's lease narrows the bucket until it is over`() async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        // Refills a token each 10 ms; 10 at once.
        let rate = try #require(RateLimit(limit: 100, period: 1_000_000, burst: 10))
        let limit = SharedLimit.rate(rate)
        var held = request("dead", 1, wanted: 10)
        held.timeToLive = 400
        let clock = ContinuousClock()
        let before = clock.now
        let lease = try await client.lease(limit, held).get()
        #expect(lease.granted == 10)
        #expect(lease.expiresAfter > 300 * millisecond && lease.expiresAfter <= 400 * millisecond)
        var most = 0
        var number: Int64 = 0
        while clock.now - before < .milliseconds(350) {
            number += 1
            let lease = try await client.lease(limit, request("b", number, wanted: 10)).get()
            if lease.granted == 0 { #expect(lease.retryAfter > 0) }
            most = max(most, lease.granted)
        }
        // On a busy machine an answer may have taken until after the lease.
        // As much as a whole bucket was refilled meanwhile, had it had room.
        if clock.now - before < .milliseconds(390) { #expect(most == 0) }
        // It has after the lease, and time fills it.
        while most == 0 {
            number += 1
            most = try await client.lease(limit, request("b", number, wanted: 10)).get().granted
        }
        #expect(clock.now - before > .milliseconds(400))
        if clock.now - before < .milliseconds(450) { #expect(most < 10) }
        try await client.stop()
    }

    @Test func `limits beyond what scripts count exactly are refused`() {
        #expect(RateLimit(limit: 0, period: 1, burst: 1) == nil)
        #expect(RateLimit(limit: 1, period: 1 << 40, burst: 1 << 20) == nil)
        #expect(RateLimit(limit: 1 << 20, period: 1 << 40, burst: 1) == nil)
        #expect(RateLimit(limit: 1, period: .max, burst: .max) == nil)
        #expect(RateLimit(limit: 1000, period: 1_000_000, burst: 1000) != nil)
    }
}
