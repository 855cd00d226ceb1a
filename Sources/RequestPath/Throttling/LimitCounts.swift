import Model
import Synchronization

/// What limits have counted in this process: buckets, and refusals for metrics. Outlives configurations, so that a reload
/// gives nobody anything back.
final class LimitCounts: Sendable {
    enum Cause: String {
        case throttle = "throttle.rate"
        case quota = "quota.exceeded"
    }

    let keys = BucketKeys()
    let buckets = BucketTable()
    /// Calls that passed since their quota could not be asked.
    let uncounted = Atomic(0)
    private let local = AloneCount()
    private let open = AloneCount()
    private let closed = AloneCount()
    private let refusals = Mutex(Refusals())

    /// The refusals of the limits that are served, whose rules keep them: what a reload or a plan's end took away is gone with the last
    /// call under it.
    private struct Refusals {
        private struct Kept {
            weak var count: RefusalCount?
        }

        private var kept: [String: Kept] = [:]
        /// With so many, those that are gone are looked for.
        private var mostUnsearched = 1_024

        subscript(key: String) -> RefusalCount? {
            get { kept[key]?.count }
            set {
                if kept.count >= mostUnsearched {
                    dropGone()
                    mostUnsearched = max(1_024, 2 * kept.count)
                }
                kept[key] = Kept(count: newValue)
            }
        }

        mutating func all() -> [RefusalCount] {
            dropGone()
            return kept.values.compactMap(\.count)
        }

        private mutating func dropGone() { kept = kept.filter { $0.value.count != nil } }
    }

    /// The number of a limit, the same in every configuration.
    func number(of name: String, place: String) -> UInt64 {
        keys.key(limit: Domain.limit.rawValue, value: Array("\(place)/\(name)".utf8).span).place
    }

    func refusals(of name: String, place: String, cause: Cause) -> RefusalCount {
        refusals.withLock { refusals in
            let key = "\(cause.rawValue) \(place)/\(name)"
            if let known = refusals[key] { return known }
            let made = RefusalCount(cause: cause.rawValue, limit: name, place: place)
            refusals[key] = made
            return made
        }
    }

    /// Calls of shared limits that were decided upon without Redis.
    func alone(_ rule: ThrottleLimit.FailureRule) -> AloneCount {
        switch rule {
        case .local: local
        case .open: open
        case .closed: closed
        }
    }

    /// In the order of their names.
    var allRefusals: [LimitRefusals] {
        let all = refusals.withLock { $0.all() }
        return all.map { LimitRefusals(cause: $0.cause, limit: $0.limit, place: $0.place, count: $0.current) }
            .sorted { ($0.place, $0.limit, $0.cause) < ($1.place, $1.limit, $1.cause) }
    }

    /// What is hashed, so that a customer is never taken for an address of the same text.
    enum Domain: UInt64 {
        case limit = 1
        case api, route, customer, address, subject
        /// And one more for each fact.
        case fact = 256
    }
}

/// How many calls a limit has refused.
final class RefusalCount: Sendable {
    let cause: String
    let limit: String
    let place: String
    private let count = Atomic(0)

    init(cause: String, limit: String, place: String) {
        self.cause = cause
        self.limit = limit
        self.place = place
    }

    func add() { count.wrappingAdd(1, ordering: .relaxed) }

    var current: Int { count.load(ordering: .relaxed) }
}

/// Refused calls of one limit.
public struct LimitRefusals: Sendable, Hashable {
    /// `throttle.rate` or `quota.exceeded`.
    public let cause: String
    /// The limit's name.
    public let limit: String
    /// Where it stands: `service`, `api NAME`, `route API KEY` or `plan NAME`.
    public let place: String
    /// Since the process started.
    public let count: Int
}
