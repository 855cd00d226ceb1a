import Model
import Testing

@testable import Selection

@Suite struct EjectionTests {
    private let rule = Backend.Ejection(
        failures: 3,
        duration: .seconds(5),
        maxDuration: .seconds(30),
        slowStart: .seconds(10)
    )

    private func balancer(_ rule: Backend.Ejection? = nil) -> Balancer {
        Balancer(weights: [10, 10], policy: .roundRobin, ejection: rule ?? self.rule)
    }

    /// Fails the first target until it is ejected, and answers for how long.
    private func timeAway(_ balancer: inout Balancer, from now: UInt64) -> Int {
        while !balancer.failed(0, now: now) {}
        var seconds = 0
        while balancer.status(of: 0, now: now + UInt64(seconds) * second).isEjected { seconds += 1 }
        return seconds
    }

    @Test func `only failures in a row eject`() {
        var balancer = balancer()
        let answers = [false, true, true, false, false, true, false, false, false].map { success in
            if success { balancer.succeeded(0, now: 0) }
            return !success && balancer.failed(0, now: 0)
        }
        #expect(answers == [false, false, false, false, false, false, false, false, true])
    }

    @Test func `an ejected target is away for exactly its time`() {
        var balancer = balancer()
        let start = 7 * second
        for _ in 0..<3 { _ = balancer.failed(0, now: start) }
        #expect(Set(balancer.tally(10, now: start)) == [0, 10])
        #expect(balancer.tally(10, now: start + 5 * second - 1) == [0, 10])
        #expect(balancer.status(of: 0, now: start + 5 * second - 1).isEjected == true)
        #expect(balancer.status(of: 0, now: start + 5 * second).isEjected == false)
        #expect((19...21).contains(balancer.tally(220, now: start + 5 * second)[0]))
    }

    @Test func `the time away doubles up to its maximum`() {
        var balancer = balancer()
        var now: UInt64 = 0
        let times = (0..<5).map { _ in
            let away = timeAway(&balancer, from: now)
            now += UInt64(away) * second
            return away
        }
        #expect(times == [5, 10, 20, 30, 30])
    }

    @Test(arguments: [(0.0, 10), (4.9, 10), (5.0, 5), (60.0, 5)])
    func `a success after as long a time back as away shortens the next ejection`(back: Double, next: Int) {
        var balancer = balancer()
        #expect(timeAway(&balancer, from: 0) == 5)
        let later = 5 * second + .seconds(back)
        balancer.succeeded(0, now: later)
        #expect(timeAway(&balancer, from: later) == next)
    }

    @Test func `failures that come in during an ejection count for nothing`() {
        var balancer = balancer()
        for _ in 0..<3 { _ = balancer.failed(0, now: 0) }
        for _ in 0..<10 { #expect(balancer.failed(0, now: 4 * second) == false) }
        #expect(balancer.status(of: 0, now: 5 * second).isEjected == false)
        #expect(balancer.failed(0, now: 5 * second) == false)
    }

    @Test func `no count of failures ejects when ejection is off`() {
        var balancer = balancer(Backend.Ejection(failures: 0))
        for _ in 0..<1_000 { #expect(balancer.failed(0, now: 0) == false) }
        #expect(balancer.tally(20) == [10, 10])
    }

    @Test(arguments: [(0.0, 1.0), (2.5, 3.25), (5.0, 5.5), (7.5, 7.75), (10.0, 10.0), (99.0, 10.0)])
    func `the weight of a returning target grows from a tenth to the whole`(elapsed: Double, expected: Double) {
        var ejected = balancer()
        for _ in 0..<3 { _ = ejected.failed(0, now: 0) }
        #expect(abs(ejected.effectiveWeight(0, now: .seconds(5 + elapsed)) - expected) < 0.01)

        var recovered = balancer()
        recovered.setHealth(0, healthy: false, now: 0)
        #expect(recovered.effectiveWeight(0, now: 99 * second) == 0)
        recovered.setHealth(0, healthy: true, now: 100 * second)
        #expect(abs(recovered.effectiveWeight(0, now: .seconds(100 + elapsed)) - expected) < 0.01)
    }

    @Test func `a target that was never unhealthy does not ramp`() {
        var balancer = balancer()
        balancer.setHealth(0, healthy: true, now: second)
        #expect(balancer.effectiveWeight(0, now: second) == 10)
    }

    @Test func `a target that is both unhealthy and ejected returns when it is neither`() {
        var balancer = balancer()
        for _ in 0..<3 { _ = balancer.failed(0, now: 0) }
        balancer.setHealth(0, healthy: false, now: second)
        balancer.setHealth(0, healthy: true, now: 2 * second)
        #expect(balancer.effectiveWeight(0, now: 4 * second) == 0)
        #expect(abs(balancer.effectiveWeight(0, now: 5 * second) - 1) < 0.01)
    }

    @Test func `without slow start a target returns whole`() {
        var balancer = balancer(Backend.Ejection(failures: 1, slowStart: .zero))
        #expect(balancer.failed(0, now: 0) == true)
        #expect(balancer.effectiveWeight(0, now: 5 * second) == 10)
    }

    @Test func `endless durations do not overflow`() {
        let endless = Duration.seconds(Int64.max)
        var balancer = balancer(
            Backend.Ejection(failures: 1, duration: endless, maxDuration: endless, slowStart: endless)
        )
        #expect(balancer.failed(0, now: 1 << 61) == true)
        balancer.succeeded(0, now: 1 << 62)
        #expect(balancer.status(of: 0, now: (1 << 62) - 1).isEjected == true)
    }
}
