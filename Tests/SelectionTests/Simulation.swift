import Exchange
import Foundation

@testable import Selection

/// Requests sent through a balancer to servers that take one after the other, on a virtual clock.
struct Simulation {
    /// Mean service time of each server, in seconds.
    var serviceTimes: [Double]
    /// Mean arrivals a second, at random (Poisson).
    var arrivalRate: Double
    var random = SplitMix64(seed: 7)

    struct Outcome {
        /// Requests that each server got.
        var counts: [Int]
        /// Seconds from arrival to answer, ascending.
        var latencies: [Double]

        func percentile(_ part: Double) -> Double {
            latencies[Int(Double(latencies.count - 1) * part)]
        }
    }

    mutating func run(_ requests: Int, through balancer: inout Balancer) -> Outcome {
        var outcome = Outcome(counts: Array(repeating: 0, count: serviceTimes.count), latencies: [])
        // Times at which the requests of each server are done: ascending, as it takes one after the other.
        var queues = Array(repeating: [Double](), count: serviceTimes.count)
        var now = 0.0
        for _ in 0..<requests {
            now += exponential() / arrivalRate
            for server in queues.indices {
                let done = queues[server].prefix { $0 <= now }.count
                for _ in 0..<done { balancer.ended(server) }
                queues[server].removeFirst(done)
            }
            guard let server = balancer.choose(now: .seconds(now)) else { continue }
            balancer.began(server)
            let finish = max(now, queues[server].last ?? 0) + exponential() * serviceTimes[server]
            queues[server].append(finish)
            outcome.counts[server] += 1
            outcome.latencies.append(finish - now)
        }
        outcome.latencies.sort()
        return outcome
    }

    private mutating func exponential() -> Double {
        -log(Double.random(in: Double.leastNonzeroMagnitude..<1, using: &random))
    }
}
