import Exchange
import Testing

@testable import Selection

@Suite struct WeightTests {
    @Test(
        arguments: [[1], [1, 1], [5, 1, 1], [3, 2], [1, 2, 3, 4], [1_000, 1], [7, 7, 7, 2, 1, 1]],
        [1, 2, 3] as [UInt64]
    )
    func `a round of round robin gives each target exactly its weight`(weights: [Int], seed: UInt64) {
        var balancer = Balancer(weights: weights, policy: .roundRobin, seed: seed)
        let round = weights.reduce(0, +)
        for _ in 0..<3 { #expect(balancer.tally(round) == weights) }
    }

    @Test(arguments: [[1, 1, 1], [5, 1, 1], [1, 2, 3, 4], [1_000, 1], [7, 7, 7, 2, 1, 1]])
    func `round robin never runs far ahead of the weights nor falls far behind`(weights: [Int]) {
        var balancer = Balancer(weights: weights, policy: .roundRobin)
        let total = weights.reduce(0, +)
        var counts = Array(repeating: 0, count: weights.count)
        for choices in 1...2 * total {
            guard let index = balancer.choose(now: 0) else { continue }
            counts[index] += 1
            for index in weights.indices {
                let due = Double(choices * weights[index]) / Double(total)
                #expect(abs(Double(counts[index]) - due) < 2)
            }
        }
    }

    @Test func `workers begin their rounds at different targets`() {
        let firsts = (0..<32).map { seed in
            var balancer = Balancer(weights: [1, 1, 1, 1], policy: .roundRobin, seed: UInt64(seed))
            return balancer.choose(now: 0)
        }
        #expect(Set(firsts) == [0, 1, 2, 3])
    }

    @Test(arguments: [[1, 1], [1, 3], [1, 2, 5], [10, 1, 1, 1], [1_000, 1, 500]])
    func `an idle backend gets requests by weight under least requests`(weights: [Int]) {
        var balancer = Balancer(weights: weights, policy: .leastRequests)
        #expect(matches(balancer.tally(400_000), weights, within: 0.1))
    }

    @Test(arguments: [[1, 1], [1, 3], [1, 2, 5], [10, 1, 1, 1]], [1, 2, 4, 8, 64, 512])
    func `requests in flight keep to the weights under least requests`(weights: [Int], inFlight: Int) {
        var balancer = Balancer(weights: weights, policy: .leastRequests)
        var random = SplitMix64(seed: 3)
        var flight: [Int] = []
        var counts = Array(repeating: 0, count: weights.count)
        for _ in 0..<50_000 {
            if flight.count == inFlight {
                balancer.ended(flight.remove(at: Int(random.next(below: UInt64(inFlight)))))
            }
            guard let index = balancer.choose(now: 0) else { continue }
            balancer.began(index)
            flight.append(index)
            counts[index] += 1
        }
        #expect(matches(counts, weights, within: 0.35))
    }

    @Test(arguments: [[1, 1], [1, 3], [1, 2, 5], [10, 1, 1, 1], [100, 1, 50], [1, 1, 1, 1, 1, 1, 1, 1, 4]])
    func `keys spread by weight under hash`(weights: [Int]) {
        var balancer = Balancer(weights: weights, policy: .hash)
        #expect(matches(balancer.tally(200_000), weights, within: 0.05))
    }

    @Test(arguments: [[1], [1, 1, 1], [1, 3], [1_000, 1, 1, 250], [2, 3, 5, 7, 11, 13]])
    func `lots are drawn by weight`(weights: [Int]) {
        let lots = WeightedDraw(weights: weights)
        var random = SplitMix64(seed: 11)
        var counts = Array(repeating: 0, count: weights.count)
        for _ in 0..<1_000_000 { counts[lots.draw(&random)] += 1 }
        #expect(matches(counts, weights, within: 0.12))
    }
}
