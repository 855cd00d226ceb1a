import Exchange
import Model
import Testing

@testable import Selection

/// Never more than a share of a backend's targets is away at once.
@Suite struct EjectionShareTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var targets: Int
        var share: Double
        var most: Int

        var testDescription: String { "\(Int(share * 100))% of \(targets) is \(most)" }
    }

    private func balancer(_ targets: Int, share: Double, policy: Balancer.Policy = .roundRobin) -> Balancer {
        Balancer(
            weights: Array(repeating: 1, count: targets),
            policy: policy,
            ejection: Backend.Ejection(failures: 1, duration: .seconds(5), slowStart: .zero, share: share)
        )
    }

    private func away(_ balancer: borrowing Balancer, _ now: UInt64) -> [Int] {
        var away: [Int] = []
        for index in 0..<balancer.count where balancer.status(of: index, now: now).isEjected { away.append(index) }
        return away
    }

    @Test(arguments: [
        Case(targets: 1, share: 1, most: 0), Case(targets: 2, share: 0.5, most: 1), Case(targets: 2, share: 1, most: 2),
        Case(targets: 2, share: 0.1, most: 1), Case(targets: 3, share: 0.5, most: 1),
        Case(targets: 4, share: 0.5, most: 2), Case(targets: 5, share: 0.5, most: 2),
        Case(targets: 10, share: 0.1, most: 1), Case(targets: 100, share: 0.29, most: 29),
        Case(targets: 9, share: 0, most: 0),
    ])
    func `when all fail, exactly the share is ejected`(given: Case) {
        var balancer = balancer(given.targets, share: given.share)
        for round in 0..<3 {
            for index in 0..<given.targets { _ = balancer.failed(index, now: UInt64(round)) }
        }
        #expect(away(balancer, 3) == Array(0..<given.most))
    }

    @Test(arguments: AvailabilityTests.policies)
    func `those that may not be ejected go on serving, and only they`(policy: Balancer.Policy) {
        var balancer = balancer(4, share: 0.5, policy: policy)
        for index in 0..<4 { _ = balancer.failed(index, now: 0) }
        let counts = balancer.tally(4_000, now: second)
        #expect(counts.prefix(2) == [0, 0])
        #expect(matches(Array(counts.suffix(2)), [1, 1], within: 0.1))
    }

    @Test func `one that returns makes room for the next`() {
        var balancer = balancer(2, share: 0.5)
        #expect(balancer.failed(0, now: 0) == true)
        #expect(balancer.failed(1, now: second) == false)
        #expect(balancer.failed(1, now: 5 * second) == true)
        #expect(away(balancer, 5 * second) == [1])
    }

    @Test(arguments: AvailabilityTests.policies, [0.1, 0.34, 0.5, 0.8])
    func `under random failures the share is never exceeded and somebody always serves`(
        policy: Balancer.Policy,
        share: Double
    ) {
        var random = SplitMix64(seed: 3)
        var balancer = balancer(7, share: share, policy: policy)
        var now: UInt64 = 0
        for key in 0..<20_000 as Range<UInt64> {
            now += random.next(below: second / 10)
            guard let index = balancer.choose(now: now, keyHash: SplitMix64.mix(key)) else {
                Issue.record("nobody was chosen")
                return
            }
            #expect(!balancer.status(of: index, now: now).isEjected)
            if random.next(below: 3) == 0 {
                _ = balancer.failed(index, now: now)
            } else {
                balancer.succeeded(index, now: now)
            }
            #expect(away(balancer, now).count <= max(1, Int(share * 7)))
        }
    }

    // MARK: On trial

    /// The target for another attempt after the second one has failed.
    private func anotherThanSecond(_ balancer: inout Balancer, _ now: UInt64) -> Int? {
        var tried = TargetSet()
        tried.insert(1)
        return balancer.choose(now: now, excluding: tried)
    }

    @Test(arguments: AvailabilityTests.policies)
    func `an ejected target that does better than the others returns at once, and makes room`(policy: Balancer.Policy) {
        var balancer = balancer(2, share: 0.5, policy: policy)
        #expect(balancer.failed(0, now: 0) == true)
        #expect(balancer.failed(1, now: 1) == false)
        #expect(anotherThanSecond(&balancer, 2) == 0)
        balancer.succeeded(0, now: 3)
        #expect(away(balancer, 3) == [])
        #expect(balancer.failed(1, now: 4) == true)
        #expect(away(balancer, 4) == [1])
        #expect(balancer.tally(10, now: 4) == [10, 0])
    }

    @Test func `one that fails its trial stays away, and no earlier request brings it back`() {
        var balancer = balancer(2, share: 0.5)
        _ = balancer.failed(0, now: 0)
        #expect(anotherThanSecond(&balancer, 1) == 0)
        _ = balancer.failed(0, now: 2)
        balancer.succeeded(0, now: 3)
        #expect(away(balancer, 3) == [0])
    }

    @Test func `success in panic is no trial, so that not everything falls upon the first that answers`() {
        var balancer = balancer(4, share: 1)
        for index in 0..<4 { _ = balancer.failed(index, now: 0) }
        #expect(anotherThanSecond(&balancer, 1) != nil)
        for index in 0..<4 { balancer.succeeded(index, now: 2) }
        #expect(away(balancer, 2) == [0, 1, 2, 3])
    }

    @Test func `a returning target on trial starts slowly`() {
        var balancer = Balancer(weights: [10, 10], policy: .roundRobin, ejection: Backend.Ejection(failures: 1))
        _ = balancer.failed(0, now: 0)
        _ = anotherThanSecond(&balancer, 1)
        balancer.succeeded(0, now: second)
        #expect(abs(balancer.effectiveWeight(0, now: second) - 1) < 0.01)
    }
}
