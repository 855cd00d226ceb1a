import Synchronization

/// How many client connections all workers have open together.
public final class ConnectionCount: Sendable {
    private let open = Atomic(0)

    /// Starts at none.
    public init() {}

    /// Counts one more.
    /// - Returns: `false`, and nothing is counted, when there would be more than `limit`.
    func add(limit: Int) -> Bool {
        if open.wrappingAdd(1, ordering: .relaxed).oldValue < limit { return true }
        remove()
        return false
    }

    /// Counts one less.
    func remove() { open.wrappingSubtract(1, ordering: .relaxed) }
}
