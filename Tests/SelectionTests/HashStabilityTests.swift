import Exchange
import Model
import Testing

@testable import Selection

@Suite struct HashStabilityTests {
    private let keys = (0..<20_000).map { SplitMix64.mix($0) }

    private func members(_ identities: [UInt64]) -> [Balancer.Member] {
        identities.map { Balancer.Member(identity: $0, weight: 1 + Int($0 % 3)) }
    }

    private func balancer(_ identities: [UInt64], seed: UInt64 = 1) -> Balancer {
        Balancer(members: members(identities), policy: .hash, ejection: Backend.Ejection(), seed: seed)
    }

    /// The identity that each key meets.
    private func homes(_ balancer: inout Balancer, _ identities: [UInt64], now: UInt64 = 0) -> [UInt64?] {
        keys.map { key in balancer.choose(now: now, keyHash: key).map { identities[$0] } }
    }

    @Test(arguments: [[40, 10, 30, 20], [20, 30, 40, 10]] as [[UInt64]])
    func `a key's target depends neither on the order of targets nor on the seed`(order: [UInt64]) {
        let sorted: [UInt64] = [10, 20, 30, 40]
        var one = balancer(sorted)
        var other = balancer(order, seed: 99)
        #expect(homes(&one, sorted) == homes(&other, order))
    }

    @Test(arguments: [10, 20, 30, 40] as [UInt64])
    func `removing a target moves its keys only, and to all others`(removed: UInt64) {
        let identities: [UInt64] = [10, 20, 30, 40]
        let fewer = identities.filter { $0 != removed }
        var before = balancer(identities)
        var after = balancer(fewer)
        let moves = zip(homes(&before, identities), homes(&after, fewer))
        #expect(moves.allSatisfy { $0 == removed || $0 == $1 })
        #expect(Set(moves.filter { $0.0 == removed }.map(\.1)) == Set(fewer))
    }

    @Test func `an ejected target's keys go to the next in rank and come back over the ramp`() {
        let identities: [UInt64] = [10, 20, 30, 40]
        var balancer = balancer(identities)
        let home = homes(&balancer, identities)
        balancer.eject(1, now: second)
        var without = self.balancer([10, 30, 40])
        #expect(homes(&balancer, identities, now: 2 * second) == homes(&without, [10, 30, 40]))

        var returned = 0
        for time in [6.0, 8, 10, 12, 16] {
            let current = homes(&balancer, identities, now: .seconds(time))
            #expect(zip(home, current).allSatisfy { $0 == 20 || $0 == $1 })
            let back = current.count { $0 == 20 }
            #expect(back > returned)
            returned = back
        }
        #expect(homes(&balancer, identities, now: 16 * second) == home)
    }

    @Test func `a tried target gives way to the next in rank`() {
        var all = balancer([10, 20, 30])
        var rest = balancer([20, 30])
        var tried = TargetSet()
        tried.insert(0)
        for key in keys {
            let chosen = all.choose(now: 0, keyHash: key, excluding: tried)
            #expect(rest.choose(now: 0, keyHash: key).map { $0 + 1 } == chosen)
        }
    }

    @Test func `the stable hash does not change between versions`() {
        let texts = ["", "a", "10.0.0.1", "10.0.0.2"]
        let hashes = texts.map { Balancer.stableHash(of: Array($0.utf8).span) }
        #expect(hashes == [0xF52A15E9A9B5E89B, 0x02C0BDBF481420F8, 0x7FB1B600F0F5C6D3, 0x8A4036EE47892109])
    }
}
