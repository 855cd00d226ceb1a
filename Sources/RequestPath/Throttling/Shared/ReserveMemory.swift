/// The reserves that a worker has used last, by their buckets' local keys, so that they are found without a lock. Confined to the
/// worker's loop.
struct ReserveMemory {
    /// A power of two. One that was used last takes the place of another whose key begins alike.
    private static let places = 4_096

    private var entries: ContiguousArray<(key: BucketKey, reserve: RateReserve)?> = []

    func reserve(of key: BucketKey) -> RateReserve? {
        guard !entries.isEmpty, let entry = entries[Self.place(key)], entry.key == key else { return nil }
        return entry.reserve
    }

    mutating func remember(_ reserve: RateReserve, of key: BucketKey) {
        if entries.isEmpty { entries = ContiguousArray(repeating: nil, count: Self.places) }
        entries[Self.place(key)] = (key, reserve)
    }

    private static func place(_ key: BucketKey) -> Int { Int(truncatingIfNeeded: key.place) & (places - 1) }
}
