public import CustomerStore
public import Model

/// What operators may do about customers. Every change is in effect on all workers when it returns.
public protocol CustomerAdministration: Sendable {
    /// Customers in the order of their ids, those after one, at most `limit`.
    func customers(after id: String, limit: Int) async throws -> [CustomerRecord]
    /// One customer; `nil` when there is none with this id.
    func customer(_ id: String) async throws -> CustomerRecord?
    /// Why a customer is suspended that should not be: what its settings name, and is not served. Mostly empty.
    func reasonsAgainst(_ id: String) async -> [String]
    /// Takes a customer in, or gives one other settings.
    /// - Returns: whether it is new.
    /// - Throws: `Faults` when the settings can't be served.
    func put(_ id: String, settings: String) async throws -> Bool
    /// Lets go of a customer and its credentials.
    func remove(_ id: String) async throws
    /// Makes an API key.
    /// - Parameter isSandbox: whether it is for sandboxes, and nothing else.
    /// - Returns: the key, which is told this once.
    func makeKey(_ id: String, of customer: String, isSandbox: Bool) async throws -> String
    /// Withdraws an API key.
    func removeKey(_ id: String, of customer: String) async throws
    /// Takes in what a customer signs requests with.
    /// - Returns: the secret, when one was made; it is told this once.
    /// - Throws: `Faults` when the key can't be used, `NoSealingKey`.
    func addSigningKey(_ key: NewSigningKey, of customer: String) async throws -> String?
    /// Withdraws a signing key.
    func removeSigningKey(_ id: String, of customer: String) async throws
    /// Gives a user a password in place of the one that it has.
    func setPassword(_ password: String, of user: String, customer: String, isSandbox: Bool) async throws
    /// Withdraws a user's password.
    func removePassword(of user: String, customer: String) async throws
}

/// A key for message signatures that an operator hands over, or wants to have made.
public struct NewSigningKey: Sendable {
    /// The kinds of keys.
    public enum Form: Sendable {
        /// A secret is to be made.
        case made
        /// A secret of at least 32 bytes.
        case secret(Secret)
        /// A public key in PEM, or a JWK.
        case publicKey(String)
    }

    /// What signatures say in `keyid`.
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
}

/// Nothing says under which key secrets are to be kept.
public struct NoSealingKey: Error {
    /// Makes one.
    public init() {}
}

/// The configuration file declares the customer, so that it can't be changed otherwise.
public struct DeclaredInFile: Error {
    /// The customer's id.
    public var id: String

    /// Makes one.
    public init(id: String) { self.id = id }
}
