import Dispatch
import NIOCore
import NIOEmbedded
import Quotas
import Synchronization
import Testing

@testable import Throttling

/// Reserves and their keeper, over a ledger in memory and with a clock of the test's own.
struct QuotaReserveTests {
    private let ledger = MemoryQuotaLedger()
    private let clock = ManualQuotaClock()
    private let keeper: QuotaKeeper
    private let key = QuotaKey(quota: "daily", subject: "acme")
    private let calendar: QuotaCalendar

    init() throws {
        let clock = clock
        keeper = QuotaKeeper(ledger: ledger, clock: { clock.now })
        calendar = try QuotaCalendar(timeZone: "UTC")
    }

    private func reserve(calls: Int) -> QuotaReserve {
        keeper.reserve(for: key, Quota(name: "daily", calls: calls, period: .day, calendar: calendar))
    }

    private enum Outcome: Equatable { case taken, givenBack, exhausted, waits, unavailable }

    private func take(_ reserve: QuotaReserve, givingBack: Bool = false) -> Outcome {
        switch reserve.take(at: clock.now.second) {
        case .taken(let ticket):
            if givingBack {
                ticket.giveBack()
                return .givenBack
            }
            ticket.commit()
            return .taken
        case .exhausted(let until):
            #expect(until == calendar.window(.day, at: clock.now.second).end)
            return .exhausted
        case .wait: return .waits
        case .unavailable: return .unavailable
        }
    }

    /// Takes as a call does that waits where it has to.
    private func takeWaiting(_ reserve: QuotaReserve, givingBack: Bool = false) async -> Outcome {
        let first = take(reserve, givingBack: givingBack)
        guard first == .waits else {
            await keeper.fillAll()
            return first
        }
        #expect(reserve.whenChanged {})
        await keeper.fillAll()
        return take(reserve, givingBack: givingBack)
    }

    private var taken: Int { ledger.state.withLock { $0.taken.values.reduce(0, +) } }
    private var spent: Int { ledger.state.withLock { $0.spent.values.reduce(0, +) } }

    @Test(arguments: [1, 2, 7, 1_000]) func `a quota gives all its calls and none more`(calls: Int) async {
        let reserve = reserve(calls: calls)
        for _ in 0..<calls { #expect(await takeWaiting(reserve) == .taken) }
        for _ in 0..<10 { #expect(await takeWaiting(reserve) == .exhausted) }
        #expect(taken == calls)
        #expect(reserve.standing.remaining == 0)
    }

    @Test func `a quota of no calls refuses the first`() async {
        #expect(await takeWaiting(reserve(calls: 0)) == .exhausted)
    }

    @Test func `a used-up quota asks the ledger once a second at most, and gives what was added`() async {
        let reserve = reserve(calls: 1)
        _ = await takeWaiting(reserve)
        _ = await takeWaiting(reserve)
        let before = ledger.state.withLock { $0.requests.count }
        for _ in 0..<100 { #expect(await takeWaiting(reserve) == .exhausted) }
        #expect(ledger.state.withLock { $0.requests.count } == before)
        ledger.state.withLock { state in
            for window in state.taken.keys { state.taken[window, default: 0] -= 1 }
        }
        clock.advance(seconds: 1)
        #expect(await takeWaiting(reserve) == .taken)
        #expect(await takeWaiting(reserve) == .exhausted)
        ledger.state.withLock { state in
            for window in state.taken.keys { state.taken[window, default: 0] -= 1 }
        }
        keeper.refresh(key)
        #expect(await takeWaiting(reserve) == .taken)
    }

    @Test func `a call that the backend never got does not count`() async {
        let reserve = reserve(calls: 3)
        for _ in 0..<50 { #expect(await takeWaiting(reserve, givingBack: true) == .givenBack) }
        for _ in 0..<3 { #expect(await takeWaiting(reserve) == .taken) }
        #expect(await takeWaiting(reserve) == .exhausted)
        await keeper.settleAll()
        #expect(spent == 3)
    }

    @Test func `what nobody uses is let go of, with all calls booked`() async {
        // In a scope of its own, so that no worker knows them.
        func call(_ keys: Range<Int>) async -> [Outcome] {
            var outcomes: [Outcome] = []
            for number in keys {
                let key = QuotaKey(quota: "daily", subject: "c-\(number)")
                let quota = Quota(name: "daily", calls: 10_000, period: .day, calendar: calendar)
                outcomes.append(await takeWaiting(keeper.reserve(for: key, quota)))
            }
            return outcomes
        }
        let held = reserve(calls: 10_000)
        #expect(await takeWaiting(held) == .taken)
        #expect(await call(0..<2_000) == Array(repeating: .taken, count: 2_000))
        #expect(keeper.reserveCount == 2_001)
        for _ in 0..<(ReserveMachine.looksUntilRest + 5) {
            clock.advance(seconds: 1)
            await keeper.look()
        }
        // The one that a worker knows stays, and is used on.
        #expect(keeper.reserveCount == 1 && spent == 2_001 && taken == 2_001)
        #expect(await takeWaiting(held) == .taken)
        #expect(await call(0..<1) == [.taken])
        #expect(keeper.reserveCount == 2)
    }

    @Test func `a call that is under way for long keeps its reserve until it is booked`() async {
        func begin() async -> QuotaTicket? {
            let reserve = reserve(calls: 5)
            _ = reserve.whenChanged {}
            await keeper.fillAll()
            if case .taken(let ticket) = reserve.take(at: clock.now.second) { return ticket }
            return nil
        }
        func rest() async {
            for _ in 0..<(2 * ReserveMachine.looksUntilRest) {
                clock.advance(seconds: 1)
                await keeper.look()
            }
        }
        var ticket = await begin()
        await rest()
        #expect(keeper.reserveCount == 1 && spent == 0)
        if let taken = ticket.take() { taken.commit() }
        await rest()
        #expect(keeper.reserveCount == 0 && spent == 1 && taken == 1)
    }

    @Test func `a ticket that is forgotten counts`() async {
        let reserve = reserve(calls: 2)
        _ = await takeWaiting(reserve)
        do { _ = reserve.take(at: clock.now.second) }
        #expect(await takeWaiting(reserve) == .exhausted)
        await keeper.settleAll()
        #expect(spent == 2)
    }

    @Test func `a new window gives all calls anew, and a ticket of the old one gives back nothing`() async {
        let reserve = reserve(calls: 5)
        for _ in 0..<4 { #expect(await takeWaiting(reserve) == .taken) }
        guard case .taken(let ticket) = reserve.take(at: clock.now.second) else {
            Issue.record("the fifth call was not let through")
            return
        }
        clock.advance(seconds: 86_400)
        for _ in 0..<5 { #expect(await takeWaiting(reserve) == .taken) }
        ticket.giveBack()
        #expect(await takeWaiting(reserve) == .exhausted)
        let windows = ledger.state.withLock { $0.taken.values.sorted() }
        #expect(windows == [5, 5])
    }

    @Test func `a clean stop puts back what is left and lets nothing through any more`() async {
        let reserve = reserve(calls: 100)
        for _ in 0..<7 { #expect(await takeWaiting(reserve) == .taken) }
        #expect(taken > 7)
        await keeper.stop()
        #expect(taken == 7 && spent == 7)
        #expect(take(reserve) == .unavailable)
        #expect(!reserve.whenChanged {})
    }

    @Test func `a ledger that fails lets nothing through, and is asked again after a second`() async {
        let reserve = reserve(calls: 10)
        ledger.state.withLock { $0.isFailing = true }
        #expect(await takeWaiting(reserve) == .unavailable)
        ledger.state.withLock { $0.isFailing = false }
        #expect(await takeWaiting(reserve) == .unavailable)
        clock.advance(seconds: 1)
        #expect(await takeWaiting(reserve) == .taken)
    }

    @Test func `what is not known to be put back is not put back again`() async {
        let reserve = reserve(calls: 10)
        #expect(await takeWaiting(reserve) == .taken)
        ledger.state.withLock { $0.isFailing = true }
        for _ in 0...ReserveMachine.looksUntilRest {
            clock.advance(seconds: 1)
            await keeper.look()
        }
        let before = taken
        ledger.state.withLock { $0.isFailing = false }
        clock.advance(seconds: 1)
        await keeper.look()
        #expect(taken == before && spent == 1)
    }

    @Test func `threads together get what the quota has`() async {
        let calls = 5_000
        let reserve = reserve(calls: calls)
        let passed = Counter()
        let second = clock.now.second
        for round in 0..<10_000 where passed.count < calls {
            DispatchQueue.concurrentPerform(iterations: 4) { thread in
                for turn in 0..<50 {
                    guard case .taken(let ticket) = reserve.take(at: second) else { break }
                    if (thread + turn + round) % 5 == 0 {
                        ticket.giveBack()
                    } else {
                        ticket.commit()
                        passed.add()
                    }
                }
            }
            if reserve.available == 0 { _ = reserve.whenChanged {} }
            await keeper.fillAll()
        }
        #expect(passed.count == calls && taken == calls)
        #expect(await takeWaiting(reserve) == .exhausted)
    }

    // MARK: Waiting on a loop

    private final class Outcomes: Sendable {
        let all = Mutex<[String]>([])

        func add(_ take: consuming QuotaTake) {
            let text: String
            switch take {
            case .taken: text = "taken"
            case .exhausted: text = "exhausted"
            case .wait: text = "wait"
            case .unavailable: text = "unavailable"
            }
            all.withLock { $0.append(text) }
        }
    }

    private func wait(_ reserve: QuotaReserve, on loop: NIOAsyncTestingEventLoop, _ outcomes: Outcomes) async throws {
        let clock = clock
        try await loop.executeInContext {
            reserve.wait(on: loop, within: .milliseconds(500), clock: { clock.now.second }, done: outcomes.add)
        }
    }

    @Test func `a call waits on its loop until the reserve is filled`() async throws {
        let reserve = reserve(calls: 2)
        let loop = NIOAsyncTestingEventLoop()
        let outcomes = Outcomes()
        for _ in 0..<3 { try await wait(reserve, on: loop, outcomes) }
        #expect(outcomes.all.withLock { $0 }.isEmpty)
        for _ in 0..<3 {
            await keeper.fillAll()
            await loop.run()
        }
        #expect(outcomes.all.withLock { $0 }.sorted() == ["exhausted", "taken", "taken"])
        await loop.advanceTime(by: .seconds(1))
        #expect(outcomes.all.withLock { $0.count } == 3)
        await loop.shutdownGracefully()
    }

    @Test func `a call waits no longer than it may`() async throws {
        let reserve = reserve(calls: 2)
        let loop = NIOAsyncTestingEventLoop()
        let outcomes = Outcomes()
        try await wait(reserve, on: loop, outcomes)
        await loop.advanceTime(by: .milliseconds(499))
        #expect(outcomes.all.withLock { $0 }.isEmpty)
        await loop.advanceTime(by: .milliseconds(1))
        await keeper.fillAll()
        await loop.run()
        #expect(outcomes.all.withLock { $0 } == ["unavailable"])
        await loop.shutdownGracefully()
    }

    @Test func `no more than a bounded number of calls wait`() {
        let reserve = reserve(calls: 2)
        for _ in 0..<QuotaReserve.mostWaiting { #expect(reserve.whenChanged {}) }
        #expect(!reserve.whenChanged {})
    }
}
