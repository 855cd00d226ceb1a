public import AWSWire

/// Where an entity is found: what it is, in which region, and under what.
public struct EntityKey: Sendable, Hashable {
    /// `us-east-1`. What is managed in one region is not seen in another.
    public var region: String
    /// `RestApi`.
    public var kind: String
    /// The ids of what it belongs to, outermost first, with slashes between; empty for one that stands by itself.
    public var parent: String
    /// Its own id, which no other one of the kind has under the same parent.
    public var id: String

    /// Makes a key.
    public init(region: String, kind: String, parent: String = "", id: String) {
        self.region = region
        self.kind = kind
        self.parent = parent
        self.id = id
    }
}

/// An entity as it is kept.
public struct Entity: Sendable, Hashable {
    /// Where it is found.
    public let key: EntityKey
    /// What it is: an object, as the service tells it.
    public var document: WireValue
    /// Grows from one that was made to the next.
    public let number: Int64
    /// What no other one of the kind has under the same parent either, besides the id; `nil` for none.
    public var name: String?

    /// Makes an entity.
    public init(key: EntityKey, document: WireValue, number: Int64, name: String?) {
        self.key = key
        self.document = document
        self.number = number
        self.name = name
    }
}

/// What is kept of what people manage. Each transaction is on the disk as a whole before it is told of, or not at all.
public protocol EntityStore: Sendable {
    /// Reads and writes in one transaction, which is undone when `body` throws.
    func transaction<Value: Sendable>(_ body: @escaping @Sendable (any EntityTransaction) throws -> Value) async throws
        -> Value
}

/// Reads and writes that belong together. Not to be used after its transaction.
public protocol EntityTransaction {
    /// One entity; `nil` when there is none.
    func entity(_ key: EntityKey) throws -> Entity?
    /// The one of a name; `nil` when there is none.
    func entity(named name: String, kind: String, parent: String, region: String) throws -> Entity?
    /// Those of a kind under a parent, in the order in which they were made.
    func entities(kind: String, parent: String, region: String) throws -> [Entity]
    /// Makes an entity, or puts it in the place of the one that has its key.
    func put(_ key: EntityKey, _ document: WireValue, name: String?) throws
    /// Removes one entity, and not what is under it.
    /// - Returns: whether there was one.
    @discardableResult func remove(_ key: EntityKey) throws -> Bool
    /// Removes all that is under a parent, however deep.
    func removeAll(under parent: String, region: String) throws
    /// Removes everything but one kind, in all regions.
    func removeAll(butKind kind: String) throws
}
