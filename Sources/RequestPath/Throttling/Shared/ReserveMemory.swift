/// The reserves that a worker has found last, by their buckets' local keys, so that they are found without a lock. Confined to the
/// worker's loop.
struct ReserveMemory {
    /// A power of two. Keys that begin alike share a shelf.
    private static let shelves = 4_096
    /// How many stand on one: with as many callers as shelves, hardly one in two hundred finds its shelf too small.
    private static let breadth = 4

    private var entries: ContiguousArray<(key: BucketKey, reserve: RateReserve)?> = []

    func reserve(of key: BucketKey) -> RateReserve? {
        guard !entries.isEmpty else { return nil }
        let first = Self.shelf(of: key)
        for index in first..<first + Self.breadth {
            if let entry = entries[index], entry.key == key { return entry.reserve }
        }
        return nil
    }

    /// Remembers a reserve in the place of the one that it replaces, or else of the one that its shelf has had longest.
    mutating func remember(_ reserve: RateReserve, of key: BucketKey) {
        if entries.isEmpty { entries = ContiguousArray(repeating: nil, count: Self.shelves * Self.breadth) }
        let shelf = Self.shelf(of: key)..<Self.shelf(of: key) + Self.breadth
        let given = shelf.firstIndex { entries[$0]?.key == key } ?? shelf.upperBound - 1
        for index in (shelf.lowerBound..<given).reversed() { entries[index + 1] = entries[index] }
        entries[shelf.lowerBound] = (key, reserve)
    }

    private static func shelf(of key: BucketKey) -> Int {
        (Int(truncatingIfNeeded: key.place) & (shelves - 1)) * breadth
    }
}
