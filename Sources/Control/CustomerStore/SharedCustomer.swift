internal import Foundation

/// A customer as stores of several machines tell each other: hashes and what is sealed, never a secret.
public struct SharedCustomer: Sendable, Hashable, Codable {
    /// An API key.
    public struct Key: Sendable, Hashable, Codable {
        /// What the log calls it.
        public var id: String
        /// Its keyed hash.
        public var fingerprint: String
        /// Whether it is for sandboxes, and nothing else.
        public var isSandbox: Bool
        /// Seconds since 1970.
        public var createdAt: Int64
    }

    /// A user's password.
    public struct Password: Sendable, Hashable, Codable {
        /// The user's name.
        public var user: String
        /// Its scrypt hash.
        public var hash: String
        /// Whether it is for sandboxes, and nothing else.
        public var isSandbox: Bool
    }

    /// A key for message signatures; one of both texts is there.
    public struct SigningKey: Sendable, Hashable, Codable {
        /// What signatures say in `keyid`.
        public var id: String
        /// A secret as it was sealed.
        public var sealed: String?
        /// In PEM, or a JWK.
        public var publicKey: String?
        /// The one algorithm that it is for.
        public var algorithm: String?
        /// Seconds since 1970.
        public var createdAt: Int64
    }

    /// Unique among the customers.
    public var id: String
    /// Which change made it what it is.
    public var revision: SharedRevision
    /// Whether it is gone; all else is empty then.
    public var isRemoved: Bool
    /// A JSON object.
    public var settings: String
    /// Seconds since 1970.
    public var createdAt: Int64
    /// Seconds since 1970.
    public var changedAt: Int64
    /// Its API keys.
    public var keys: [Key] = []
    /// Its users' passwords.
    public var passwords: [Password] = []
    /// What it signs with.
    public var signingKeys: [SigningKey] = []

    /// As JSON.
    public func encoded() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

    /// Reads what `encoded` has written.
    public init(decoding bytes: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(bytes)) }

    init(id: String, revision: SharedRevision, isRemoved: Bool, settings: String, createdAt: Int64, changedAt: Int64) {
        self.id = id
        self.revision = revision
        self.isRemoved = isRemoved
        self.settings = settings
        self.createdAt = createdAt
        self.changedAt = changedAt
    }
}

/// One change of a set of customers. All changes of a set stand in one row, each made by who knew the one before it.
public struct SharedRevision: Sendable, Hashable, Codable {
    /// Counts the changes.
    public var number: Int64
    /// Drawn at random for the change: the same number with another mark is another history.
    public var mark: String

    /// Names a change.
    public init(number: Int64, mark: String) {
        self.number = number
        self.mark = mark
    }
}

/// What a store knows of the set that it shares.
public struct SharedState: Sendable, Hashable {
    /// The name of the set; `nil` when the store has none.
    public var dataset: String?
    /// The last change that the store has; number 0 before the first one.
    public var revision = SharedRevision(number: 0, mark: "")
    /// Whether there are customers in the store.
    public var hasCustomers = false
}
