/// A dictionary that is cheap to copy and change, however much is in it: a change of a copy touches one of its shards, and not the others.
///
/// With a million entries a change copies some hundreds of them.
struct ShardedMap<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private static var shardCount: Int { 4_096 }

    /// Empty until something is put in, so that a map that nobody uses takes no memory.
    private var shards: ContiguousArray<[Key: Value]> = []

    /// How many entries there are; counts them.
    var count: Int { shards.reduce(0) { $0 + $1.count } }

    subscript(key: Key) -> Value? {
        get { shards.isEmpty ? nil : shards[Self.shard(of: key)][key] }
        set {
            if shards.isEmpty {
                guard newValue != nil else { return }
                shards = ContiguousArray(repeating: [:], count: Self.shardCount)
            }
            shards[Self.shard(of: key)][key] = newValue
        }
    }

    private static func shard(of key: Key) -> Int {
        // The high bits, since a shard's own dictionary goes by the low ones.
        Int(truncatingIfNeeded: UInt(bitPattern: key.hashValue) >> 48) & (shardCount - 1)
    }
}
