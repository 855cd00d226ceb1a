/// Calls that wait for a reserve, up to a bound.
struct Wakes {
    /// The most that wait for one reserve at a time.
    static let most = 1024

    private var waiting: [@Sendable () -> Void] = []

    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }

    /// Has another one wait.
    /// - Returns: `false` when too many wait already.
    mutating func add(_ wake: @escaping @Sendable () -> Void) -> Bool {
        guard waiting.count < Self.most else { return false }
        waiting.append(wake)
        return true
    }

    /// All that waited, who are called when no lock is held any longer.
    mutating func takeAll() -> [@Sendable () -> Void] {
        defer { waiting = [] }
        return waiting
    }
}
