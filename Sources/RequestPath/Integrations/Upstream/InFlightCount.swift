import Synchronization

/// Requests in flight to one target of a backend, from all workers together.
final class InFlightCount: Sendable {
    private let count = Atomic(0)

    /// Counts one more, unless there would be more than `limit`. Exact, however many workers ask at once.
    func enter(limit: Int) -> Bool {
        var seen = count.load(ordering: .relaxed)
        while seen < limit {
            let (exchanged, original) = count.weakCompareExchange(
                expected: seen,
                desired: seen + 1,
                ordering: .relaxed
            )
            if exchanged { return true }
            seen = original
        }
        return false
    }

    /// Counts one less.
    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}

/// The counts that a gateway's workers share, by backend and target.
///
/// A count lives for as long as a worker knows its target or a request is under way to it, so that neither a reload nor a change
/// of addresses makes the workers count apart.
public final class InFlightCounts: Sendable {
    private struct Key: Hashable {
        var backend: String
        var target: UInt64
    }

    private struct Entry {
        weak var count: InFlightCount?
    }

    private let entries = Mutex<[Key: Entry]>([:])

    /// Makes an empty collection.
    public init() {}

    /// The count of a target, which is known by its identity.
    func count(backend: String, target: UInt64) -> InFlightCount {
        entries.withLock { entries in
            let key = Key(backend: backend, target: target)
            if let known = entries[key]?.count { return known }
            entries = entries.filter { $0.value.count != nil }
            let fresh = InFlightCount()
            entries[key] = Entry(count: fresh)
            return fresh
        }
    }
}
