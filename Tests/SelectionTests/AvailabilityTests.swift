import Exchange
import Testing

@testable import Selection

/// The rule of `choose` in its shortest form, to hold the policies against.
private struct Reference {
    var healthy: Set<Int>
    var ejected: Set<Int>
    var tried: Set<Int>

    var eligible: Set<Int> {
        let available = healthy.subtracting(ejected)
        return [available.subtracting(tried), healthy.subtracting(tried), available].first { !$0.isEmpty } ?? healthy
    }
}

@Suite struct AvailabilityTests {
    static let policies: [Balancer.Policy] = [.roundRobin, .leastRequests, .hash]

    @Test(arguments: policies, 1...4)
    func `whatever is unhealthy, ejected or tried, exactly the eligible targets are chosen`(
        policy: Balancer.Policy,
        count: Int
    ) {
        func subset(_ mask: Int) -> Set<Int> { Set((0..<count).filter { mask >> $0 & 1 == 1 }) }
        for sick in 0..<1 << count {
            for ejected in 0..<1 << count {
                var balancer = Balancer(weights: Array(1...count), policy: policy)
                for index in subset(ejected) { balancer.eject(index, now: second) }
                for index in subset(sick) { balancer.setHealth(index, healthy: false, now: second) }
                for tried in 0..<1 << count {
                    let reference = Reference(
                        healthy: Set(0..<count).subtracting(subset(sick)),
                        ejected: subset(ejected),
                        tried: subset(tried)
                    )
                    var excluded = TargetSet()
                    for index in subset(tried) { excluded.insert(index) }
                    let chosen = (0..<100).map { key in
                        balancer.choose(now: 2 * second, keyHash: SplitMix64.mix(key), excluding: excluded)
                    }
                    #expect(
                        Set(chosen) == (reference.eligible.isEmpty ? [nil] : Set(reference.eligible.map(Optional.some)))
                    )
                }
            }
        }
    }

    @Test(arguments: policies)
    func `a backend without targets has none to choose`(policy: Balancer.Policy) {
        var balancer = Balancer(weights: [], policy: policy)
        #expect(balancer.choose(now: 0) == nil)
    }

    @Test(arguments: policies)
    func `in panic the ejected targets share the requests by weight`(policy: Balancer.Policy) {
        var balancer = Balancer(weights: [1, 3], policy: policy)
        for index in 0...1 { balancer.eject(index, now: 0) }
        #expect(matches(balancer.tally(40_000, now: second), [1, 3], within: 0.05))
    }

    @Test(arguments: policies)
    func `a ramping target's share follows its effective weight`(policy: Balancer.Policy) {
        var balancer = Balancer(weights: [2, 2, 2], policy: policy)
        balancer.eject(0, now: 0)
        let halfway = UInt64.seconds(10)
        #expect(abs(balancer.effectiveWeight(0, now: halfway) - 1.1) < 0.01)
        #expect(matches(balancer.tally(93_000, now: halfway), [11, 20, 20], within: 0.05))
    }

    @Test(arguments: policies)
    func `more targets than a set has bits still leave one for a retry`(policy: Balancer.Policy) {
        var balancer = Balancer(weights: Array(repeating: 1, count: 130), policy: policy)
        var tried = TargetSet()
        for attempt in 0..<200 {
            let index = balancer.choose(now: 0, keyHash: SplitMix64.mix(5), excluding: tried)
            #expect(index != nil)
            if let index {
                #expect(attempt >= 64 || !tried.contains(index))
                tried.insert(index)
            }
        }
    }
}
