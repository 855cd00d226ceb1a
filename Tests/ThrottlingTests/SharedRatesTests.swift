import Quotas
import Synchronization
import Testing

@testable import Throttling

/// Tokens of shared rates, taken by workers and asked of a ledger that answers when the test says so.
struct SharedRatesTests {
    private static let second: UInt64 = 1_000_000_000

    /// A ledger whose thread is the test's.
    private final class Ledger: RateLedger {
        typealias Done = @Sendable (Result<RateLease, any Error>) -> Void

        struct State {
            var asked: [(request: RateLeaseRequest, done: Done)] = []
            var returned: [Int] = []
        }

        struct Gone: Error {}

        let state = Mutex(State())

        func perform(_ work: @escaping @Sendable () -> Void) { work() }

        func lease(_ request: RateLeaseRequest, done: @escaping Done) {
            state.withLock { $0.asked.append((request, done)) }
        }

        func giveBack(_ lease: RateLeaseRequest, unspent: Int, done: @escaping @Sendable () -> Void) {
            state.withLock { $0.returned.append(unspent) }
            done()
        }

        /// Answers the oldest request; `nil` for a failure.
        @discardableResult
        func answer(_ granted: Int?, expiresAfter: UInt64 = 3 * second, retryAfter: UInt64 = 0) -> RateLeaseRequest? {
            let first = state.withLock { $0.asked.isEmpty ? nil : $0.asked.removeFirst() }
            guard let first else { return nil }
            if let granted {
                let lease = RateLease(
                    granted: granted,
                    left: 7,
                    expiresAfter: expiresAfter,
                    resetsAfter: 5 * second,
                    retryAfter: retryAfter
                )
                first.done(.success(lease))
            } else {
                first.done(.failure(Gone()))
            }
            return first.request
        }

        var waiting: Int { state.withLock { $0.asked.count } }
    }

    private final class Clock: Sendable {
        let now = Atomic<UInt64>(second)

        func advance(_ nanoseconds: UInt64) { now.wrappingAdd(nanoseconds, ordering: .relaxed) }

        var current: UInt64 { now.load(ordering: .relaxed) }
    }

    private let ledger = Ledger()
    private let clock = Clock()

    private func rates(most: Int = 10) -> SharedRates {
        SharedRates(ledger: ledger, mostReserves: most, clock: { [clock] in clock.current })
    }

    private func reserve(_ rates: SharedRates, burst: Int = 100) throws -> RateReserve {
        let shape = try #require(RateShape(requests: 100, per: 1, burst: burst))
        return try #require(rates.reserve(for: "k", shape))
    }

    private func ticket(_ take: RateTake) throws -> RateTicket {
        guard case .taken(let ticket) = take else { throw Ledger.Gone() }
        return ticket
    }

    private func isWait(_ take: RateTake) -> Bool { if case .wait = take { true } else { false } }
    private func isExhausted(_ take: RateTake) -> Bool { if case .exhausted = take { true } else { false } }
    private func isUnavailable(_ take: RateTake) -> Bool { if case .unavailable = take { true } else { false } }

    /// A reserve with so many tokens.
    private func filled(_ count: Int, _ rates: SharedRates) throws -> RateReserve {
        let reserve = try reserve(rates)
        #expect(isWait(reserve.take(at: clock.current)) && reserve.whenChanged {})
        ledger.answer(count)
        return reserve
    }

    @Test func `what was leased is taken, and no more`() throws {
        let reserve = try filled(2, rates())
        for _ in 0..<2 { try ticket(reserve.take(at: clock.current)).spend() }
        #expect(isWait(reserve.take(at: clock.current)))
        #expect(reserve.standing(at: clock.current).remaining == 7)
    }

    @Test func `more is asked for when a call is made, and not when it is refused elsewhere`() throws {
        let reserve = try filled(2, rates())
        _ = try ticket(reserve.take(at: clock.current))
        let refused = try ticket(reserve.take(at: clock.current))
        #expect(ledger.waiting == 0)
        refused.giveBack()
        #expect(reserve.available == 1)
        try ticket(reserve.take(at: clock.current)).spend()
        #expect(ledger.waiting == 1)
    }

    @Test func `a token that Redis takes for spent can't come back`() throws {
        let reserve = try filled(2, rates())
        let held = try ticket(reserve.take(at: clock.current))
        #expect(reserve.request(at: clock.current)?.kept == 1)
        held.giveBack()
        #expect(reserve.available == 1)
    }

    @Test func `nothing is spent after its time, even when it was kept and the answer came late`() throws {
        let reserve = try filled(2, rates())
        reserve.ask()
        clock.advance(3 * Self.second)
        #expect(!isExhausted(reserve.take(at: clock.current)) && ledger.waiting == 1)
        // Asked for in time, with the two tokens kept; Redis may have got it when they were over.
        ledger.answer(1)
        #expect(reserve.available == 1)
    }

    @Test func `an empty bucket refuses until there may be tokens again`() throws {
        let rates = rates()
        let reserve = try reserve(rates)
        let woken = Atomic(false)
        #expect(reserve.whenChanged { woken.store(true, ordering: .relaxed) })
        ledger.answer(0, retryAfter: 30 * Self.second)
        #expect(woken.load(ordering: .relaxed) && isExhausted(reserve.take(at: clock.current)))
        #expect(reserve.emptyStanding(at: clock.current).wait == 30 * Self.second)
        clock.advance(Self.second)
        #expect(isWait(reserve.take(at: clock.current)))
    }

    @Test func `nobody waits for a server that did not answer, and it is asked again beside`() throws {
        let rates = rates()
        let reserve = try reserve(rates)
        #expect(reserve.whenChanged {})
        ledger.answer(nil)
        #expect(isUnavailable(reserve.take(at: clock.current)) && ledger.waiting == 0)
        // Nor do callers who are new.
        let shape = try #require(RateShape(requests: 1, per: 1, burst: 1))
        let other = try #require(rates.reserve(for: "other", shape))
        #expect(isUnavailable(other.take(at: clock.current)) && ledger.waiting == 1)
        clock.advance(Self.second)
        #expect(isUnavailable(reserve.take(at: clock.current)) && ledger.waiting == 2)
        ledger.answer(1)
        #expect(isUnavailable(reserve.take(at: clock.current)))
        let second = ledger.answer(1)
        #expect(second?.former == .unanswered(number: 1))
        #expect(try ticket(reserve.take(at: clock.current)).reserve === reserve)
    }

    @Test func `what is idle goes back, and then is forgotten`() throws {
        let rates = rates(most: 1)
        let reserve = try filled(3, rates)
        for _ in 0..<2 { rates.look() }
        #expect(ledger.state.withLock { $0.returned } == [3] && reserve.available == 0)
        let shape = try #require(RateShape(requests: 1, per: 1, burst: 1))
        #expect(rates.reserve(for: "other", shape) == nil && rates.refusedWithoutPlace == 1)
        for _ in 0..<RateReserve.looksUntilRetired { rates.look() }
        #expect(reserve.isOver && rates.reserve(for: "other", shape) != nil)
        #expect(ledger.state.withLock { $0.returned } == [3])
    }

    @Test func `stopping gives back what is left`() async throws {
        let rates = rates()
        let reserve = try filled(5, rates)
        try ticket(reserve.take(at: clock.current)).spend()
        await rates.stop()
        #expect(ledger.state.withLock { $0.returned } == [4])
        if case .retired = reserve.take(at: clock.current) { return }
        Issue.record("something is left")
    }

    @Test func `names of buckets tell apart what a caller could mix up`() {
        func name(_ limit: String, _ build: (inout SharedBucketName) -> Void = { _ in }) -> String {
            var name = SharedBucketName(limit: limit, place: "service")
            build(&name)
            return name.text
        }
        let names = [
            name("a"), name("b"), name("a") { $0.add(.customer, "x") }, name("a") { $0.add(.subject, "x") },
            name("a") {
                $0.add(.customer, "x")
                $0.add(.subject, "y")
            },
            name("a") { $0.add(.customer, "xy") },
        ]
        #expect(Set(names).count == names.count)
        #expect(name("a") == name("a") && name("a").utf8.count == "daemun:rate:".utf8.count + 32)
    }
}
