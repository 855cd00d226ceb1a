internal import Model

/// `Backend.Ejection` in nanoseconds.
struct EjectionRule {
    /// Failures in a row that eject; 0 turns ejection off.
    let failures: Int
    let duration: UInt64
    let maxDuration: UInt64
    let slowStart: UInt64

    init(_ ejection: Backend.Ejection) {
        failures = ejection.failures
        duration = Self.nanoseconds(ejection.duration)
        maxDuration = Self.nanoseconds(ejection.maxDuration)
        slowStart = Self.nanoseconds(ejection.slowStart)
    }

    /// Kept below 73 years, so that a time plus two durations never overflows.
    private static func nanoseconds(_ duration: Duration) -> UInt64 {
        min(UInt64(clamping: duration.attoseconds / 1_000_000_000), 1 << 61)
    }
}
