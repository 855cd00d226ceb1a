import Testing

@testable import Selection

@Suite struct UnevenBackendTests {
    /// Three servers at 1 ms and one at 10 ms, offered what the slow one could just bear as an equal.
    private func outcome(_ policy: Balancer.Policy) -> Simulation.Outcome {
        var simulation = Simulation(serviceTimes: [0.001, 0.001, 0.001, 0.01], arrivalRate: 390)
        var balancer = Balancer(weights: [1, 1, 1, 1], policy: policy)
        return simulation.run(40_000, through: &balancer)
    }

    @Test func `least requests spares a slow target`() {
        let counts = outcome(.leastRequests).counts
        #expect(counts[3] * 3 < counts[0..<3].reduce(0, +) / 3 * 2)
    }

    @Test func `a slow target hurts the slowest requests far less under least requests than in turn`() {
        let (least, turn) = (outcome(.leastRequests), outcome(.roundRobin))
        #expect(least.percentile(0.99) * 3 < turn.percentile(0.99))
    }

    @Test func `least requests loads targets by their speed when they are busy`() {
        var simulation = Simulation(serviceTimes: [0.001, 0.001, 0.001, 0.01], arrivalRate: 2_800)
        var balancer = Balancer(weights: [1, 1, 1, 1], policy: .leastRequests)
        let outcome = simulation.run(40_000, through: &balancer)
        #expect(outcome.counts[3] * 5 < outcome.counts[0..<3].reduce(0, +) / 3)
        #expect(outcome.percentile(0.99) < 0.2)
    }
}
