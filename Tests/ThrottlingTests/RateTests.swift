import Exchange
import Testing

@testable import Throttling

/// The arithmetic of one bucket.
struct RateTests {
    private static let second: UInt64 = 1_000_000_000

    @Test(arguments: [(1, 1, 1), (10, 1, 5), (3, 1, 3), (100, 60, 20), (1_000_000, 1, 1000), (5, 86_400, 5)])
    func `a burst passes at once, and then one request each interval`(requests: Int, period: Int, burst: Int) throws {
        let rate = try Rate(requests: requests, per: period, burst: burst)
        var arrival: UInt64 = 0
        var now = 7 * Self.second
        for left in (0..<burst).reversed() {
            arrival = try #require(rate.charged(arrival, at: now))
            #expect(rate.standing(arrival, at: now).remaining == left)
        }
        for _ in 0..<5 {
            #expect(rate.charged(arrival, at: now) == nil)
            let wait = rate.standing(arrival, at: now).wait
            #expect(wait == rate.interval)
            #expect(rate.charged(arrival, at: now + wait - 1) == nil)
            now += wait
            arrival = try #require(rate.charged(arrival, at: now))
        }
        #expect(rate.standing(arrival, at: now).reset == rate.tolerance)
        now += rate.tolerance
        #expect(rate.standing(arrival, at: now) == Standing(remaining: burst, reset: 0, wait: 0))
    }

    @Test(arguments: [
        (0, 1, 1, RateFault.noRequests), (1, 0, 1, .period), (1, 31 * 86_400 + 1, 1, .period), (1, 1, 0, .noBurst),
        (1_000_001, 1, 1, .tooFast), (1, 86_400, 32, .burstTooLong), (1, 1, .max, .burstTooLong),
    ])
    func `a rate that can not be kept is refused`(requests: Int, period: Int, burst: Int, fault: RateFault) {
        #expect(throws: fault) { try Rate(requests: requests, per: period, burst: burst) }
    }

    @Test(arguments: 0..<50)
    func `no stretch of time has more requests than its share and a burst`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let rate = try Rate(
            requests: 1 + Int(random.next(below: 1000)),
            per: 1 + Int(random.next(below: 3)),
            burst: 1 + Int(random.next(below: 20))
        )
        var arrival: UInt64 = 0
        var now = Self.second
        var passed: [UInt64] = []
        for _ in 0..<600 {
            now += random.next(below: 4) == 0 ? random.next(below: 4 * rate.interval) : rate.interval / 8
            guard let next = rate.charged(arrival, at: now) else { continue }
            arrival = next
            passed.append(now)
        }
        expectConformance(passed, rate)
    }

    /// Requests come, wait a while for another limit, and then pass or are taken back.
    @Test(arguments: 0..<200)
    func `what is taken back lets nobody else through beyond the rate`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let rate = try Rate(requests: 1000, per: 1, burst: 1 + Int(random.next(below: 6)))
        var arrival: UInt64 = 0
        var now = Self.second
        var passed: [UInt64] = []
        var pending: [UInt64] = []
        for _ in 0..<800 {
            now += random.next(below: 3) == 0 ? random.next(below: 2 * rate.interval) : 0
            if !pending.isEmpty, random.next(below: 2) == 0 {
                let charge = pending.remove(at: Int(random.next(below: UInt64(pending.count))))
                if random.next(below: 2) == 0 {
                    passed.append(charge)
                } else {
                    arrival = rate.uncharged(arrival, chargedAt: charge, at: now)
                }
            } else if let next = rate.charged(arrival, at: now) {
                arrival = next
                pending.append(now)
            }
        }
        expectConformance(passed.sorted(), rate)
    }
}

/// Fails when any stretch of the times has more than `burst + length / interval`.
func expectConformance(_ times: [UInt64], _ rate: Rate, sourceLocation: SourceLocation = #_sourceLocation) {
    // The same arithmetic as a bucket that never refuses: it must not be over the burst at any time.
    var arrival: UInt64 = 0
    for (index, time) in times.enumerated() {
        arrival = max(arrival, time) + rate.interval
        guard arrival - time <= rate.tolerance else {
            Issue.record("request \(index) of \(times.count) is too many", sourceLocation: sourceLocation)
            return
        }
    }
}
