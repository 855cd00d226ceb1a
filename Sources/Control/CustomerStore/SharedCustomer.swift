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

    init(id: String, revision: SharedRevision, isRemoved: Bool, settings: String, createdAt: Int64, changedAt: Int64) {
        self.id = id
        self.revision = revision
        self.isRemoved = isRemoved
        self.settings = settings
        self.createdAt = createdAt
        self.changedAt = changedAt
    }
}
