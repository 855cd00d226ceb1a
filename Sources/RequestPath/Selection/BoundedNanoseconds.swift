/// A duration in nanoseconds, kept below 73 years, so that a monotonic time plus two durations never overflows.
func boundedNanoseconds(_ duration: Duration) -> UInt64 {
    min(UInt64(clamping: duration.attoseconds / 1_000_000_000), 1 << 61)
}
