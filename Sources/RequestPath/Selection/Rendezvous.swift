import Exchange

extension Balancer {
    /// A hash of bytes that is the same in every process and on every machine, so that several gateways send a key to
    /// the same target. For keys and identities; not for secrets.
    public static func stableHash(of bytes: Span<UInt8>) -> UInt64 {
        // FNV-1a, mixed at the end because its high bits alone depend little on the last bytes.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in bytes.indices {
            hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3
        }
        return SplitMix64.mix(hash)
    }

    /// Weighted rendezvous hashing: each target draws a waiting time from key and identity, exponentially distributed
    /// by its weight, and the shortest wins. A target's chance is its weight's share, and as nobody's draw depends on
    /// the others, a target that leaves or returns moves its own keys only.
    func highestRanked(_ admission: Admission, _ keyHash: UInt64) -> Int? {
        var best: Int?
        var shortest = Double.infinity
        for index in targets.indices {
            let weight = weight(of: index, admission)
            guard weight > 0 else { continue }
            let wait = Self.waitingTime(SplitMix64.mix(keyHash ^ targets[index].identity)) / Double(weight)
            guard wait < shortest else { continue }
            best = index
            shortest = wait
        }
        return best
    }

    /// −ln of the draw taken as a number between 0 and 1, to about one in a million.
    ///
    /// Only plain arithmetic, for the result to be the same on every machine: exponent and significand apart, and for
    /// the latter ln s = 2 artanh((s − 1) / (s + 1)). What the cut series lacks makes it rise at each power of two,
    /// so that a larger draw never waits longer.
    private static func waitingTime(_ draw: UInt64) -> Double {
        let unit = (Double(draw >> 11) + 0.5) * 0x1p-53
        let significand = Double(bitPattern: unit.bitPattern & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000)
        let exponent = Double(Int(unit.bitPattern >> 52) - 1_023)
        let ratio = (significand - 1) / (significand + 1)
        let square = ratio * ratio
        let series = 1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square * (1 / 9))))
        return -(exponent * 0.693147180559945309 + 2 * ratio * series)
    }
}
