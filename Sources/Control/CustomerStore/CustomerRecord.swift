/// A customer as operators see it: all but the secrets.
public struct CustomerRecord: Sendable, Hashable {
    /// An API key; the key itself is told once, when it is made.
    public struct Key: Sendable, Hashable {
        /// What the log calls it.
        public var id: String
        /// Seconds since 1970.
        public var createdAt: Int64

        /// Makes one.
        public init(id: String, createdAt: Int64) {
            self.id = id
            self.createdAt = createdAt
        }
    }

    /// Unique among the customers.
    public var id: String
    /// What the configuration file would say under the id, but for credentials; a JSON object.
    public var settings: String
    /// Its API keys, oldest first.
    public var keys: [Key]
    /// Those of its users that have a password, by name.
    public var users: [String]
    /// Seconds since 1970.
    public var createdAt: Int64
    /// Seconds since 1970.
    public var changedAt: Int64
}

/// What was changed since another time.
public struct CustomerChanges: Sendable {
    /// Customers as they are now, with fingerprints and hashes.
    public var put: [StoredCustomer] = []
    /// The ids of those that are gone.
    public var removed: [String] = []
    /// Counts the changes of a store; what came last.
    public var last: Int64 = 0
}

/// A customer with what its credentials are checked by.
public struct StoredCustomer: Sendable {
    /// Unique among the customers.
    public var id: String
    /// A JSON object.
    public var settings: String
    /// The fingerprints of its API keys, by the keys' ids.
    public var keys: [(id: String, fingerprint: String)] = []
    /// The hashes of its users' passwords, by the users' names.
    public var passwords: [(user: String, hash: String)] = []
}

/// Why a store refuses a change. Each says what to do about it.
public enum CustomerStoreFault: Error, Sendable, Hashable {
    /// No customer has this id.
    case unknownCustomer(String)
    /// The customer has no key with this id.
    case unknownKey(String)
    /// The customer has no user with this name.
    case unknownUser(String)
    /// The customer has a key with this id.
    case keyExists(String)
    /// Another customer has a user with this name.
    case userExists(String)
    /// So many are enough.
    case tooManyKeys
    /// So many are enough.
    case tooManyUsers
}
