/// Counts by a label whose values are not known beforehand. The first ones have counts of their own, and all
/// others share `other`, so that no traffic can make the metrics grow without end.
struct BoundedCounts: Sendable {
    static let other = "other"

    private(set) var counts: [String: Int] = [:]
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func add(_ count: Int, to label: String) {
        if let index = counts.index(forKey: label) {
            counts.values[index] += count
        } else {
            counts[counts.count < limit ? label : Self.other, default: 0] += count
        }
    }

    /// Adds all counts of another, the other's `other` to this one's.
    mutating func add(_ others: BoundedCounts) {
        for (label, count) in others.counts { add(count, to: label) }
    }
}
