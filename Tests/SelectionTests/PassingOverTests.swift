import Exchange
import Model
import Testing

@testable import Selection

/// Targets that can't take a request, because they are full, are left out of its choice.
@Suite struct PassingOverTests {
    @Test(arguments: AvailabilityTests.policies, [1, 2, 5, 130])
    func `each target is offered once, then there is none`(policy: Balancer.Policy, count: Int) {
        var balancer = Balancer(weights: Array(repeating: 2, count: count), policy: policy)
        var offered: Set<Int> = []
        while let index = balancer.choose(now: 0, keyHash: 9) {
            #expect(offered.insert(index).inserted)
            balancer.passOver(index)
        }
        #expect(offered.count == count)
        balancer.endPassingOver()
        #expect(balancer.choose(now: 0) != nil)
    }

    @Test(arguments: AvailabilityTests.policies)
    func `what those in good standing can't take is not for an ejected one`(policy: Balancer.Policy) {
        var balancer = Balancer(weights: [1, 1, 1], policy: policy)
        balancer.eject(2, now: 0)
        #expect(offers(&balancer) == [0, 1])
    }

    @Test(arguments: AvailabilityTests.policies)
    func `another attempt is offered the untried first, then the ejected, then the tried`(policy: Balancer.Policy) {
        var balancer = Balancer(weights: [1, 1, 1], policy: policy)
        balancer.eject(2, now: 0)
        var tried = TargetSet()
        tried.insert(0)
        var order: [Int] = []
        while let index = balancer.choose(now: second, excluding: tried) {
            order.append(index)
            balancer.passOver(index)
        }
        #expect(order == [1, 2, 0])
    }

    private func offers(_ balancer: inout Balancer) -> Set<Int> {
        var offered: Set<Int> = []
        while let index = balancer.choose(now: second) {
            offered.insert(index)
            balancer.passOver(index)
        }
        return offered
    }

    @Test(arguments: AvailabilityTests.policies)
    func `in panic, too, the full ones are left out`(policy: Balancer.Policy) {
        var balancer = Balancer(weights: [1, 1], policy: policy)
        for index in 0...1 { balancer.eject(index, now: 0) }
        balancer.passOver(0)
        #expect(balancer.choose(now: second) == 1)
    }
}
