import Testing

@testable import Selection

@Suite struct RetryBudgetTests {
    /// Retries granted in each second when every request fails and asks for one.
    private func granted(_ budget: inout RetryBudget, rate: Int, seconds: Range<Int>) -> [Int] {
        seconds.map { start in
            (0..<rate).count { request in
                let now = UInt64(start) * second + UInt64(request) * second / UInt64(rate)
                budget.deposit(now: now)
                return budget.withdraw(now: now)
            }
        }
    }

    @Test(arguments: [1, 20, 100, 1_000, 10_000])
    func `under total failure retries stay within the share and the floor`(rate: Int) {
        var budget = RetryBudget(share: 0.2, now: 0)
        var total = 0
        for (elapsed, retries) in granted(&budget, rate: rate, seconds: 0..<60).enumerated() {
            total += retries
            let requests = (elapsed + 1) * rate
            #expect(Double(total) <= 0.2 * Double(requests) + 10 * Double(elapsed) + 100)
        }
        let lasting = granted(&budget, rate: rate, seconds: 60..<70)
        #expect(lasting.allSatisfy { $0 >= min(rate, rate / 5 + 9) && $0 <= min(rate, rate / 5 + 11) })
    }

    @Test func `a quiet backend can retry, then ten times a second`() {
        var budget = RetryBudget(share: 0.2, now: 0)
        let answers = (0..<10).map { time in
            (0..<1_000).count { _ in budget.withdraw(now: UInt64(time) * second) }
        }
        #expect(answers == [100] + Array(repeating: 10, count: 9))
    }

    @Test func `a failure after busy times may use what ten seconds of requests earned`() {
        var budget = RetryBudget(share: 0.2, now: 0)
        for request in 0..<60_000 { budget.deposit(now: UInt64(request) * second / 1_000) }
        let burst = (0..<100_000).count { _ in budget.withdraw(now: 60 * second) }
        #expect((1_800...2_200).contains(burst))
    }

    @Test func `what was earned fades when requests stop`() {
        var budget = RetryBudget(share: 0.2, now: 0)
        for _ in 0..<10_000 { budget.deposit(now: 0) }
        let burst = (0..<100_000).count { _ in budget.withdraw(now: 1_000_000 * second) }
        #expect((99...101).contains(burst))
    }

    @Test func `a share of nothing allows no retry`() {
        var budget = RetryBudget(share: 0, now: 0)
        budget.deposit(now: 0)
        #expect(budget.withdraw(now: 60 * second) == false)
    }

    @Test func `the floor can be divided among workers`() {
        var budget = RetryBudget(share: 0.2, floorPerSecond: 2.5, now: 0)
        #expect((0..<100).count { _ in budget.withdraw(now: 0) } == 25)
    }
}
