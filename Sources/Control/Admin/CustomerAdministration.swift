public import CustomerStore
import Model

/// What operators may do about customers. Every change is in effect on all workers when it returns.
public protocol CustomerAdministration: Sendable {
    /// Customers in the order of their ids, those after one, at most `limit`.
    func customers(after id: String, limit: Int) async throws -> [CustomerRecord]
    /// One customer; `nil` when there is none with this id.
    func customer(_ id: String) async throws -> CustomerRecord?
    /// Takes a customer in, or gives one other settings.
    /// - Returns: whether it is new.
    /// - Throws: `Faults` when the settings can't be served.
    func put(_ id: String, settings: String) async throws -> Bool
    /// Lets go of a customer and its credentials.
    func remove(_ id: String) async throws
    /// Makes an API key.
    /// - Returns: the key, which is told this once.
    func makeKey(_ id: String, of customer: String) async throws -> String
    /// Withdraws an API key.
    func removeKey(_ id: String, of customer: String) async throws
    /// Gives a user a password in place of the one that it has.
    func setPassword(_ password: String, of user: String, customer: String) async throws
    /// Withdraws a user's password.
    func removePassword(of user: String, customer: String) async throws
}

/// The configuration file declares the customer, so that it can't be changed otherwise.
public struct DeclaredInFile: Error {
    /// The customer's id.
    public var id: String

    /// Makes one.
    public init(id: String) { self.id = id }
}
