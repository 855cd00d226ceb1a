/// Counts what a client may do only so often in 30 seconds. The clock is looked at only when there was too much of it, so that to
/// count costs next to nothing.
struct BurstCount {
    private static let span: UInt64 = 30_000_000_000

    private(set) var count = 0
    private var since: UInt64

    /// Starts at none.
    init(at now: UInt64) { since = now }

    mutating func add() { count += 1 }

    /// Whether there was more than `limit` within the span. What took longer is forgotten.
    mutating func exceeds(_ limit: Int, at clock: @autoclosure () -> UInt64) -> Bool {
        guard count > limit else { return false }
        let now = clock()
        guard now &- since > Self.span else { return true }
        since = now
        count = 0
        return false
    }
}
