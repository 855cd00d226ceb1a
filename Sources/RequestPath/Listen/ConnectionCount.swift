import Synchronization

/// The open client connections of all workers together, for a limit of the whole process.
public final class ConnectionCount: Sendable {
    private let open = Atomic(0)

    /// Starts at none.
    public init() {}

    /// Counts a connection, unless there are as many as the limit allows.
    func enter(limit: Int) -> Bool {
        if open.add(1, ordering: .relaxed).oldValue < limit { return true }
        leave()
        return false
    }

    func leave() { open.subtract(1, ordering: .relaxed) }
}
