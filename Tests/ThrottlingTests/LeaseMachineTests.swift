import Quotas
import Testing

@testable import Throttling

/// How many tokens of a shared rate are held and asked for.
struct LeaseMachineTests {
    private static let second: UInt64 = 1_000_000_000

    private static func shape(_ requests: Int, burst: Int) throws -> RateShape {
        try #require(RateShape(requests: requests, per: 1, burst: burst))
    }

    private static func lease(_ granted: Int, retryAfter: UInt64 = 0) -> RateLease {
        RateLease(granted: granted, left: 0, expiresAfter: 3 * second, resetsAfter: 0, retryAfter: retryAfter)
    }

    /// Asks, and is granted all.
    private static func ask(
        _ machine: inout LeaseMachine,
        _ number: Int64,
        available: Int,
        at now: UInt64
    ) throws -> RateLeaseRequest {
        let target = machine.target(available: available, at: now)
        let kept = min(available, machine.keeps(target: target, isExpired: false))
        let request = machine.request(
            key: "k",
            number: number,
            kept: kept,
            unspent: available - kept,
            target: target,
            waiting: 0,
            renews: true
        )
        let sent = try #require(request)
        machine.leased(lease(sent.wanted), for: sent)
        return sent
    }

    @Test func `who asks seldom holds what five seconds took of it, by the rate since it asked last`() throws {
        var machine = LeaseMachine(try Self.shape(1_000, burst: 1_000))
        var now = Self.second
        // Ten calls a second: all that is there is spent when it asks again.
        var last = try Self.ask(&machine, 1, available: 0, at: now)
        for number in 2..<40 {
            now += UInt64(last.wanted) * Self.second / 10
            last = try Self.ask(&machine, Int64(number), available: 0, at: now)
        }
        #expect((40...60).contains(last.wanted))
    }

    /// So that a question serves a hundred calls, however slowly they come.
    @Test(arguments: [(1_000_000, 160), (6_400, 100), (400, 6), (60, 1)])
    func `of a large burst the slowest caller holds some, too`(burst: Int, least: Int) throws {
        var machine = LeaseMachine(try Self.shape(1_000, burst: burst))
        #expect(try Self.ask(&machine, 1, available: 0, at: Self.second).wanted == least)
    }

    @Test func `what was spent in five seconds is held, up to a quarter of the burst`() throws {
        var machine = LeaseMachine(try Self.shape(1_000, burst: 400))
        let first = try Self.ask(&machine, 1, available: 0, at: Self.second)
        #expect(first.wanted == 6)
        #expect(try Self.ask(&machine, 2, available: 0, at: Self.second + 1).wanted == 6)
        #expect(try Self.ask(&machine, 3, available: 0, at: Self.second + 2).wanted == 12)
        for number in 4..<14 {
            _ = try Self.ask(&machine, Int64(number), available: 0, at: Self.second + UInt64(number))
        }
        let last = try Self.ask(&machine, 14, available: 40, at: Self.second + 20)
        #expect(last.kept == 40 && last.wanted == 60)
    }

    @Test func `a small burst is not held ahead, but what was spent is told`() throws {
        var machine = LeaseMachine(try Self.shape(1, burst: 3))
        #expect(machine.target(available: 0, at: 1) == 0)
        let waiting = machine.request(
            key: "k",
            number: 1,
            kept: 0,
            unspent: 0,
            target: 0,
            waiting: 2,
            renews: false
        )
        let request = try #require(waiting)
        #expect(request.wanted == 2 && request.former == .none)
        machine.leased(Self.lease(2), for: request)
        let told = machine.request(key: "k", number: 2, kept: 0, unspent: 0, target: 0, waiting: 0, renews: false)
        let report = try #require(told)
        #expect(report.wanted == 0 && report.former == .answered(number: 1, unspent: 0))
        machine.leased(Self.lease(0), for: report)
        #expect(machine.pause(after: Self.lease(0), for: report, share: 1) == 0)
        let silent = machine.request(key: "k", number: 3, kept: 0, unspent: 0, target: 0, waiting: 0, renews: false)
        #expect(silent == nil)
    }

    @Test func `an answer that is missing is named, and nothing goes back with it`() throws {
        var machine = LeaseMachine(try Self.shape(100, burst: 100))
        _ = try Self.ask(&machine, 1, available: 0, at: 1)
        _ = machine.request(key: "k", number: 2, kept: 1, unspent: 0, target: 1, waiting: 1, renews: false)
        #expect(machine.keeps(target: 0, isExpired: false) == .max)
        #expect(machine.keeps(target: 5, isExpired: true) == 0)
        let next = machine.request(key: "k", number: 3, kept: 1, unspent: 0, target: 1, waiting: 1, renews: false)
        #expect(next?.former == .unanswered(number: 2))
        #expect(!machine.canGiveBack)
    }

    @Test func `an empty bucket is left alone while tokens gather, and never for more than a second`() throws {
        let fast = LeaseMachine(try Self.shape(1_000, burst: 1_000))
        let wish = RateLeaseRequest(
            key: "k",
            shape: fast.shape,
            number: 1,
            wanted: 10,
            kept: 0,
            former: .none,
            timeToLive: 1
        )
        #expect(fast.pause(after: Self.lease(10), for: wish, share: 1) == 0)
        #expect(fast.pause(after: Self.lease(0, retryAfter: 1_000_000), for: wish, share: 1) == 100_000_000)
        #expect(fast.pause(after: Self.lease(4), for: wish, share: 0) == 50_000_000)
        #expect(fast.pause(after: Self.lease(0, retryAfter: 3_600 * Self.second), for: wish, share: 1) == Self.second)
        let small = LeaseMachine(try Self.shape(100, burst: 4))
        #expect(small.pause(after: Self.lease(0, retryAfter: 1), for: wish, share: 1) == 10_000_000)
    }

    @Test func `what is not used for a second goes back, once`() throws {
        var machine = LeaseMachine(try Self.shape(100, burst: 100))
        _ = try Self.ask(&machine, 1, available: 0, at: 1)
        machine.look(available: 0)
        #expect(machine.idleLooks == 0)
        machine.look(available: 0)
        #expect(machine.idleLooks == 1 && machine.canGiveBack)
        #expect(machine.giveBack(key: "k", unspent: 0)?.number == 1)
        #expect(machine.giveBack(key: "k", unspent: 0) == nil)
    }

    @Test func `a shape is what can be counted exactly`() throws {
        let shape = try #require(RateShape(requests: 1_000_000, per: 86_400, burst: 1_000_000))
        #expect(shape.requests == 1 && shape.period == 86_400 && shape.nanoseconds(for: 10) == 864_000_000)
        #expect(RateShape(requests: 999_983, per: 86_400, burst: 999_983) == nil)
        #expect(RateShape(requests: 0, per: 1, burst: 1) == nil)
    }
}
