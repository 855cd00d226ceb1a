import Exchange
import Quotas
import Testing

@testable import Throttling

/// How much is kept in reserve, for times and figures of the test's own.
struct ReserveMachineTests {
    private static let second: UInt64 = 1_000_000_000
    private var machine = ReserveMachine()
    private var available = 0
    private var now = 100 * second
    private var taken: [UInt64] = []
    private var nextLook = 0 * second

    init() { _ = machine.enter(QuotaWindow(start: 0, end: 1_000)) }

    /// Calls one after another at a rate, with a ledger that answers at once.
    private mutating func call(_ count: Int, perSecond: UInt64) {
        var low = machine.lowMark(available: available, at: now)
        for _ in 0..<count {
            now += Self.second / perSecond
            if now >= nextLook { look() }
            var waiting = 0
            if available > 0 { available -= 1 } else { waiting = 1 }
            taken.append(now)
            if available <= low {
                let wish = machine.wish(available: available, waiting: waiting, at: now)
                machine.leased(wish)
                available += wish - waiting
                low = machine.lowMark(available: available, at: now)
            }
            expectBound()
        }
    }

    private mutating func look() {
        nextLook = now + Self.second
        let look = machine.look(available: available, at: now)
        machine.returned(look.excess)
        available -= look.excess
    }

    /// What would be lost if the process died now is at most the calls of the second before the last look, or one.
    private func expectBound() {
        let recent = taken.reversed().prefix { $0 + 2 * Self.second >= now }.count
        if available > max(recent, 1) { Issue.record("\(available) in reserve after \(recent) calls in two seconds") }
    }

    @Test mutating func `a first call brings one more`() {
        let wish = machine.wish(available: 0, waiting: 1, at: now)
        #expect(wish == 2)
    }

    @Test mutating func `a steady rate asks about twice a second`() {
        call(20_000, perSecond: 1000)
        #expect(available >= 400 && available <= 1000)
        let before = machine
        var asks = 0
        var low = machine.lowMark(available: available, at: now)
        for _ in 0..<10_000 {
            now += Self.second / 1000
            available -= 1
            guard available <= low else { continue }
            asks += 1
            let wish = machine.wish(available: available, waiting: 0, at: now)
            machine.leased(wish)
            available += wish
            low = machine.lowMark(available: available, at: now)
        }
        #expect(before.window == machine.window && asks <= 25)
    }

    @Test(arguments: 0..<20) mutating func `the reserve is never more than the calls of a second`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            call(1 + Int(random.next(below: 500)), perSecond: [1, 3, 50, 2_000, 100_000][Int(random.next(below: 5))])
            now += random.next(below: 3) == 0 ? random.next(below: 3 * Self.second) : 0
            look()
            expectBound()
        }
    }

    @Test mutating func `a reserve that is not used is put back at last`() {
        call(100, perSecond: 100)
        var looks = 0
        while looks < 1_000 {
            now += Self.second
            looks += 1
            let (excess, rests) = machine.look(available: available, at: now)
            machine.returned(excess)
            available -= excess
            if rests { break }
            #expect(available <= 100)
            if looks == 2 { #expect(available <= 50) }
        }
        #expect(looks <= ReserveMachine.looksUntilRest + 1 && available == 0)
    }

    @Test mutating func `a clock that is set back opens no window again`() {
        let second = QuotaWindow(start: 1_000, end: 2_000)
        let first = machine.enter(second)
        let third = machine.enter(QuotaWindow(start: 0, end: 1_000))
        let again = machine.enter(second)
        #expect(first && !third && !again && machine.window == second)
        #expect(machine.previous == QuotaWindow(start: 0, end: 1_000))
    }
}
