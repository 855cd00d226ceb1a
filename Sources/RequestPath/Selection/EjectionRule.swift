internal import Model

/// `Backend.Ejection` in nanoseconds.
struct EjectionRule {
    /// Failures in a row that eject; 0 turns ejection off.
    let failures: Int
    let duration: UInt64
    let maxDuration: UInt64
    let slowStart: UInt64
    private let share: Double

    init(_ ejection: Backend.Ejection) {
        failures = ejection.failures
        duration = boundedNanoseconds(ejection.duration)
        maxDuration = boundedNanoseconds(ejection.maxDuration)
        slowStart = boundedNanoseconds(ejection.slowStart)
        share = ejection.share
    }

    /// How many of so many targets may be away at once. A small share of few targets still lets one of them go, but there is
    /// nothing to gain from leaving out the only one.
    func most(of count: Int) -> Int {
        guard share > 0, count > 1 else { return 0 }
        // A little more, since 29% of 100 is 28.999….
        return max(1, Int(share * Double(count) + 0.001))
    }
}
