import Dispatch
import Exchange
import Synchronization
import Testing

@testable import Throttling

/// The table that all workers share.
struct BucketTableTests {
    private static let keys = BucketKeys(secret: (1, 2))
    private let start: UInt64 = 1_000_000_000

    private static func key(_ number: Int) -> BucketKey {
        let bytes = [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
        return keys.key(limit: 7, value: bytes.span)
    }

    @Test(arguments: [(1, 64), (64, 64), (65, 128), (1 << 20, 1 << 20), (Int.max, 1 << 26)])
    func `a table has as many slots as asked for, or a few more`(wanted: Int, slots: Int) {
        #expect(BucketTable(slots: wanted).capacity == slots)
    }

    @Test func `keys count apart, and what drained is forgotten`() throws {
        let table = BucketTable(slots: 1 << 12)
        let rate = try Rate(requests: 10, per: 1, burst: 2)
        for number in 0..<500 {
            #expect(table.charge(Self.key(number), rate, at: start) == .passed(start + rate.interval))
            #expect(table.charge(Self.key(number), rate, at: start) == .passed(start + 2 * rate.interval))
            #expect(table.charge(Self.key(number), rate, at: start) == .refused(start + 2 * rate.interval))
        }
        let later = start + 3 * rate.interval
        for number in 0..<500 {
            #expect(table.charge(Self.key(number), rate, at: later) == .passed(later + rate.interval))
        }
        #expect(table.refusedWithoutPlace == 0)
    }

    @Test(arguments: [1, 2])
    func `what a slower rate was owed holds up no faster one`(limits: Int) throws {
        let table = BucketTable(slots: 1 << 12)
        let throttle = Throttle(buckets: table)
        let slow = try Rate(requests: 2, per: 86_400, burst: 2)
        let fast = try Rate(requests: 10, per: 1, burst: 5)
        let wide = try Rate(requests: 1000, per: 1, burst: 1000)
        func admit(_ rate: Rate, at now: UInt64) -> Admission {
            // Several limits are looked at before any is charged.
            let all = (0..<limits).map { RateLimit(key: Self.key($0), rate: $0 == 0 ? rate : wide) }
            return throttle.admit(all.span, at: now) { now }
        }
        for _ in 0..<2 { #expect(admit(slow, at: start).isAllowed) }
        let refused = admit(fast, at: start)
        #expect(!refused.isAllowed)
        #expect(refused.standing == Standing(remaining: 0, reset: fast.tolerance, wait: fast.interval))
        // From then on it is the faster one's bucket, which was empty.
        var passed: [UInt64] = []
        for now in stride(from: start, to: start + 3 * fast.tolerance, by: Int(fast.interval / 7)) {
            if admit(fast, at: now).isAllowed { passed.append(now) }
        }
        #expect(passed.count == 14 && passed[0] >= start + fast.interval)
        expectConformance(passed, fast)
        // A burst that is smaller than what was taken does the same.
        let small = try Rate(requests: 10, per: 1, burst: 1)
        let now = start + 3 * fast.tolerance
        while admit(fast, at: now).isAllowed {}
        #expect(!admit(small, at: now).isAllowed)
        #expect(admit(small, at: now + small.interval).isAllowed)
    }

    @Test func `a worker that is behind the others gives nothing back of what its own rate has charged`() throws {
        let table = BucketTable(slots: 1 << 12)
        let throttle = Throttle(buckets: table)
        let rate = try Rate(requests: 1000, per: 1, burst: 2)
        let limits = [RateLimit(key: Self.key(1), rate: rate)]
        for _ in 0..<2 { #expect(throttle.admit(limits.span, at: start) { start }.isAllowed) }
        #expect(!throttle.admit(limits.span, at: start - 500_000) { start + 1 }.isAllowed)
        #expect(table.arrival(Self.key(1)) == start + rate.tolerance)
    }

    @Test func `a full table refuses further keys until a bucket has drained, and keeps those it has`() throws {
        let table = BucketTable(slots: 64)
        let rate = try Rate(requests: 1, per: 1, burst: 1)
        let places = (0..<1000).map { table.charge(Self.key($0), rate, at: start) }
        let passed = places.indices.filter { places[$0] == .passed(start + rate.interval) }
        #expect(passed.count == 64)
        #expect(places.count { $0 == .noPlace(start + rate.interval) } == 1000 - 64)
        #expect(table.refusedWithoutPlace == 1000 - 64)
        for number in passed {
            #expect(table.charge(Self.key(number), rate, at: start + 1) == .refused(start + rate.interval))
        }
        let drained = start + rate.interval
        #expect(table.charge(Self.key(999), rate, at: drained) == .passed(drained + rate.interval))
    }

    @Test func `with one slot in four in use every key finds a place`() throws {
        let table = BucketTable(slots: 1 << 18)
        let rate = try Rate(requests: 1, per: 60, burst: 1)
        for number in 0..<UInt64(1 << 16) {
            let key = Self.keys.key(limit: number, value: [UInt8]().span)
            #expect(table.charge(key, rate, at: start) == .passed(start + rate.interval))
        }
        #expect(table.refusedWithoutPlace == 0)
    }

    /// Rounds in which time stands still and all threads are at the same keys; between them buckets drain and are taken over.
    @Test(arguments: [(64, 40), (64, 400), (256, 60), (1 << 14, 200)])
    func `threads together let through what one bucket a key would`(slots: Int, keys: Int) throws {
        let table = BucketTable(slots: slots)
        let rate = try Rate(requests: 1000, per: 1, burst: 3)
        let threads = 4
        var arrivals = [UInt64](repeating: 0, count: keys)
        var now = start
        var excess = 0
        var missing = 0
        for round in 0..<150 {
            now += [1, rate.interval / 2, rate.interval, 5 * rate.interval][round % 4]
            let passed = (0..<keys).map { _ in Counter() }
            let time = now
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                for turn in 0..<(keys * 2) {
                    // Half of the threads go the other way round, so that they meet.
                    let number = (thread % 2 == 0 ? turn : 2 * keys - turn) % keys
                    if case .passed = table.charge(Self.key(number), rate, at: time) { passed[number].add() }
                }
            }
            for number in 0..<keys {
                var allowed = 0
                var arrival = arrivals[number]
                while allowed < threads * 2, let next = rate.charged(arrival, at: now) {
                    allowed += 1
                    if allowed <= passed[number].count { arrivals[number] = next }
                    arrival = next
                }
                excess += max(0, passed[number].count - allowed)
                missing += max(0, allowed - passed[number].count)
            }
        }
        #expect(excess == 0)
        if table.refusedWithoutPlace == 0 { #expect(missing == 0) }
    }

    @Test func `one limit that refuses takes nothing from the others, whoever else is at them`() throws {
        let table = BucketTable(slots: 1 << 10)
        let throttle = Throttle(buckets: table)
        let wide = RateLimit(key: Self.key(1), rate: try Rate(requests: 1_000, per: 1, burst: 5_000))
        let narrow = (2..<6).map { number in Self.key(number) }
        let narrowRate = try Rate(requests: 1, per: 1, burst: 10)
        let admitted = Counter()
        let start = start
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for turn in 0..<2_000 {
                let limits = [wide, RateLimit(key: narrow[(thread + turn) % narrow.count], rate: narrowRate)]
                let admission = throttle.admit(limits.span, at: start) { start }
                if admission.isAllowed { admitted.add() } else { precondition(admission.limit == 1) }
            }
        }
        #expect(admitted.count == narrow.count * 10)
        #expect(table.arrival(wide.key) == start + 40 * wide.rate.interval)
    }

    @Test func `the limit that has least left is the one that clients are told of`() throws {
        let throttle = Throttle(buckets: BucketTable(slots: 64))
        let limits = [
            RateLimit(key: Self.key(1), rate: try Rate(requests: 100, per: 1, burst: 100)),
            RateLimit(key: Self.key(2), rate: try Rate(requests: 2, per: 1, burst: 2)),
        ]
        let first = throttle.admit(limits.span, at: start) { start }
        #expect(first.isAllowed && first.limit == 1 && first.standing.remaining == 1)
        _ = throttle.admit(limits.span, at: start) { start }
        let third = throttle.admit(limits.span, at: start) { start }
        #expect(!third.isAllowed && third.limit == 1)
        #expect(third.standing == Standing(remaining: 0, reset: 1_000_000_000, wait: 500_000_000))
    }

    @Test func `addresses of one network share a bucket`() {
        func key(_ bytes: [UInt8]) -> BucketKey {
            Self.keys.key(limit: 1, address: PeerAddress(text: [UInt8]().span, bytes: bytes.span))
        }
        let network: [UInt8] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1]
        #expect(key(network + [0, 0, 0, 0, 0, 0, 0, 1]) == key(network + [9, 0, 0, 0, 0, 0, 0, 2]))
        #expect(key([0x20, 1, 0xd, 0xb8, 0, 0, 0, 2] + network) != key(network + network))
        #expect(key([192, 0, 2, 1]) != key([192, 0, 2, 2]))
    }
}

/// A number that threads count up together.
final class Counter: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .relaxed) }

    func add() { value.wrappingAdd(1, ordering: .relaxed) }
}
