import Exchange
import Model

@testable import Selection

let second: UInt64 = 1_000_000_000

extension UInt64 {
    /// So many nanoseconds.
    static func seconds(_ seconds: Double) -> UInt64 {
        UInt64(seconds * Double(second))
    }
}

extension Balancer {
    /// A balancer of members with the identities 0, 1, 2….
    init(
        weights: [Int],
        policy: Policy,
        ejection: Backend.Ejection = Backend.Ejection(share: 1),
        seed: UInt64 = 1
    ) {
        let members = weights.indices.map { Member(identity: UInt64($0), weight: weights[$0]) }
        self.init(members: members, policy: policy, ejection: ejection, seed: seed)
    }

    /// Fails the target often enough to eject it under the default rule.
    mutating func eject(_ index: Int, now: UInt64) {
        for _ in 0..<5 { _ = failed(index, now: now) }
    }

    /// How often each target is chosen in so many choices at one moment, nothing being in flight.
    mutating func tally(_ choices: Int, now: UInt64 = 0) -> [Int] {
        var counts = Array(repeating: 0, count: count)
        for key in 0..<choices {
            guard let index = choose(now: now, keyHash: SplitMix64.mix(UInt64(key))) else { continue }
            counts[index] += 1
        }
        return counts
    }

    func effectiveWeight(_ index: Int, now: UInt64) -> Double {
        status(of: index, now: now).effectiveWeight
    }
}

/// Whether counts have the proportions of the weights, within a part of the expected count.
func matches(_ counts: [Int], _ weights: [Int], within tolerance: Double) -> Bool {
    let scale = Double(counts.reduce(0, +)) / Double(weights.reduce(0, +))
    return zip(counts, weights).allSatisfy { count, weight in
        let expected = Double(weight) * scale
        return abs(Double(count) - expected) <= tolerance * expected
    }
}
