public import Credentials

/// A customer as operators see it: all but the secrets.
public struct CustomerRecord: Sendable, Hashable {
    /// An API key; the key itself is told once, when it is made.
    public struct Key: Sendable, Hashable {
        /// What the log calls it.
        public var id: String
        /// Whether it is for sandboxes, and nothing else.
        public var isSandbox: Bool
        /// Seconds since 1970.
        public var createdAt: Int64

        /// Makes one.
        public init(id: String, isSandbox: Bool = false, createdAt: Int64) {
            self.id = id
            self.isSandbox = isSandbox
            self.createdAt = createdAt
        }
    }

    /// A key that requests are signed with; a secret is told once, when it is made.
    public struct SigningKey: Sendable, Hashable {
        /// What signatures say in `keyid`.
        public var id: String
        /// Whether both sides know it, and it is not one of a pair.
        public var isSecret: Bool
        /// The one algorithm that it is for, by its name in RFC 9421; `nil`: the first that suits its kind.
        public var algorithm: String?
        /// Seconds since 1970.
        public var createdAt: Int64

        /// Makes one.
        public init(id: String, isSecret: Bool, algorithm: String?, createdAt: Int64) {
            self.id = id
            self.isSecret = isSecret
            self.algorithm = algorithm
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
    /// Those of its users that have a password for sandboxes, by name.
    public var sandboxUsers: [String]
    /// What its requests are signed with, oldest first.
    public var signingKeys: [SigningKey]
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
    /// All plans as they were at the same time, when any was changed since they were read.
    public var plans: StoredPlans?
}

/// A customer with what its credentials are checked by.
public struct StoredCustomer: Sendable {
    /// Unique among the customers.
    public var id: String
    /// What the file would say under the id, without its `name` where it is a JSON object.
    public var settings: String
    /// The fingerprints of its API keys, by the keys' ids.
    public var keys: [(id: String, fingerprint: String, isSandbox: Bool)] = []
    /// The hashes of its users' passwords, by the users' names.
    public var passwords: [(user: String, hash: String, isSandbox: Bool)] = []
    /// What its requests are signed with.
    public var signingKeys: [StoredSigningKey] = []
}

/// A key for message signatures (RFC 9421) as it is kept.
public struct StoredSigningKey: Sendable, Hashable {
    /// The kinds of keys.
    public enum Form: Sendable, Hashable {
        /// A secret of `hmac-sha256`, as `SealingKeys` has sealed it for the customer.
        case sealed(String)
        /// In PEM, or a JWK.
        case publicKey(String)
    }

    /// What signatures say in `keyid`; unique among all customers.
    public var id: String
    /// The key.
    public var form: Form
    /// The one algorithm that it is for; `nil`: the first that suits its kind.
    public var algorithm: String?

    /// Makes one.
    public init(id: String, form: Form, algorithm: String? = nil) {
        self.id = id
        self.form = form
        self.algorithm = algorithm
    }

    /// Whose secret this is, for `SealingKeys`.
    public static func owner(of id: String, customer: String) -> SealingKeys.Owner {
        SealingKeys.Owner(customer: customer, credential: "signing-key " + id)
    }
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
    /// The customer has no signing key with this id.
    case unknownSigningKey(String)
    /// This or another customer has a signing key with this id.
    case signingKeyExists(String)
    /// Another customer has a user with this name.
    case userExists(String)
    /// So many are enough.
    case tooManyKeys
    /// So many are enough.
    case tooManyUsers
}
