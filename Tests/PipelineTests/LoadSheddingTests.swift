import Exchange
import Testing

@testable import Pipeline

/// The share of refused requests, for delays and times of the test's own.
struct LoadSheddingTests {
    private static let millisecond: UInt64 = 1_000_000
    private var shedding = LoadShedding(target: 50 * millisecond, interval: 200 * millisecond)
    private var now: UInt64 = 1_000 * millisecond

    /// Ten observations an interval.
    private mutating func observe(_ delays: [UInt64], intervals: Int = 1) {
        for index in 0..<(10 * intervals) {
            now += 20 * Self.millisecond
            shedding.observe(delay: delays[index % delays.count] * Self.millisecond, at: now)
        }
    }

    @Test mutating func `a loop that is in time refuses nothing`() {
        observe([1, 40, 2], intervals: 50)
        #expect(shedding.share == 0)
        let refused = (0..<100).count { _ in shedding.refusesNext() }
        #expect(refused == 0)
    }

    @Test mutating func `a delay that falls below the target now and then is borne`() {
        observe([500, 500, 500, 500, 10], intervals: 50)
        #expect(shedding.share == 0)
    }

    @Test mutating func `a lasting delay refuses a growing share, but never all`() {
        observe([60], intervals: 2)
        let first = shedding.share
        #expect(first > 0 && first < 0.3)
        observe([60], intervals: 5)
        #expect(shedding.share > first)
        observe([60], intervals: 200)
        #expect(shedding.share == 0.95)
    }

    @Test mutating func `a loop that is later than the interval is long is found out`() {
        for _ in 0..<20 {
            now += 700 * Self.millisecond
            shedding.observe(delay: 700 * Self.millisecond, at: now)
        }
        #expect(shedding.share > 0.5)
    }

    @Test mutating func `a loop that catches up refuses less and less, and then nothing`() {
        observe([60], intervals: 20)
        let most = shedding.share
        observe([0])
        #expect(shedding.share < most && shedding.share > 0)
        observe([0], intervals: 20)
        #expect(shedding.share == 0)
    }

    @Test mutating func `a process that was stopped for a while is not overloaded`() {
        observe([0], intervals: 3)
        now += 5_000 * Self.millisecond
        shedding.observe(delay: 5_000 * Self.millisecond, at: now)
        observe([0], intervals: 3)
        #expect(shedding.share == 0)
    }

    @Test(arguments: [1, 5, 20, 60]) mutating func `the refused requests are that share of all`(intervals: Int) {
        observe([60], intervals: intervals)
        let refused = (0..<10_000).count { _ in shedding.refusesNext() }
        #expect(abs(Double(refused) - shedding.share * 10_000) <= 1)
    }

    @Test mutating func `shedding finds the share at which the loop keeps up`() {
        // Twice as much is asked for as can be done: the loop is late while more than half of it is served.
        var shares: [Double] = []
        for _ in 0..<400 {
            observe([shedding.share < 0.5 ? 80 : 5])
            shares.append(shedding.share)
        }
        let mean = shares.suffix(200).reduce(0, +) / 200
        #expect(mean > 0.4 && mean < 0.6)
    }

    @Test(arguments: [(64, 36), (1_024, 720), (20_000, 14_952), (1_048_576, 65_536), (2, 1), (0, 1)])
    func `the descriptors decide how many connections there may be`(descriptors: Int, connections: Int) {
        #expect(DescriptorLimit.connections(forDescriptors: descriptors) == connections)
    }
}
