import Model
import Testing

@testable import Selection

@Suite struct ReloadTests {
    private func balancer(_ identities: [UInt64], weight: Int = 4, policy: Balancer.Policy = .roundRobin) -> Balancer {
        Balancer(
            members: identities.map { Balancer.Member(identity: $0, weight: weight) },
            policy: policy,
            ejection: Backend.Ejection(),
            seed: 1
        )
    }

    @Test func `targets that stay keep their state at their new places, with their new weight`() {
        var old = balancer([1, 2, 3])
        old.began(0)
        old.began(0)
        old.eject(1, now: 0)
        old.setHealth(2, healthy: false, now: 0)
        var new = balancer([3, 9, 2, 1], weight: 8, policy: .leastRequests)
        new.adopt(from: old)

        let now = second
        #expect(
            (0..<4).map { new.status(of: $0, now: now) } == [
                TargetStatus(active: 0, isHealthy: false, isEjected: false, effectiveWeight: 0),
                TargetStatus(active: 0, isHealthy: true, isEjected: false, effectiveWeight: 8),
                TargetStatus(active: 0, isHealthy: true, isEjected: true, effectiveWeight: 0),
                TargetStatus(active: 2, isHealthy: true, isEjected: false, effectiveWeight: 8),
            ]
        )
        new.ended(3)
        #expect(new.status(of: 3, now: now).active == 1)
    }

    @Test func `a ramp goes on across a reload`() {
        var old = balancer([1, 2])
        old.eject(0, now: 0)
        var new = balancer([2, 1])
        new.adopt(from: old)
        for time in [5.0, 7, 12, 15] {
            #expect(new.effectiveWeight(1, now: .seconds(time)) == old.effectiveWeight(0, now: .seconds(time)))
        }
    }

    @Test func `a change of weights does not bring a burst to anyone`() {
        var old = balancer([1, 2], weight: 1_000)
        for _ in 0..<501 { _ = old.choose(now: 0) }
        var new = balancer([1, 2], weight: 1)
        new.adopt(from: old)
        for _ in 0..<10 { #expect(new.tally(2) == [1, 1]) }
    }
}
