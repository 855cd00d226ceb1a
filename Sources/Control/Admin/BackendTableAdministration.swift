public import Model

/// What operators may do about the live tables of customers' backends. Every change is in effect on all workers of this gateway when it
/// returns, and on other gateways within a second.
public protocol BackendTableAdministration: Sendable {
    /// All tables, in the order of their APIs in the file.
    func reports() async -> [BackendTableReport]
    /// The rows of an API's table.
    /// - Throws: `Faults` when the API has none.
    func rows(of api: String) async throws -> [BackendTableRow]
    /// Has a customer's calls go to a backend.
    /// - Returns: the revision that the change has made.
    /// - Throws: `Faults` when the row would not count, `BackendTableFault`.
    func set(_ row: BackendRow, of api: String) async throws -> Int64
    /// Takes a row away.
    /// - Parameter route: the key of the row's route; `nil` for the row for all routes.
    /// - Throws: `Faults` when the API has no table, `BackendTableFault`.
    func unset(customer: String, route: String?, of api: String) async throws -> Int64
    /// Whether the configuration file has a customer.
    func isDeclared(customer: String) async -> Bool
}

/// A table as operators see it.
public struct BackendTableReport: Sendable, Hashable {
    /// The API's name.
    public var api: String
    /// What is served; `nil` when the table was never read.
    public var revision: Int64?
    /// How many rows count.
    public var rows = 0
    /// How many do not.
    public var ignored = 0
    /// When the table was last known to be that of Redis, in ISO 8601.
    public var confirmedAt: String?
    /// Why it may be another one by now; `nil` when it is the same.
    public var problem: String?

    /// Makes a report on a table that was never read.
    public init(api: String) { self.api = api }
}

/// A row as operators see it.
public struct BackendTableRow: Sendable, Hashable {
    /// What it says.
    public var row: BackendRow
    /// Why it does not count; `nil` when it does.
    public var fault: String?

    /// Makes a row.
    public init(_ row: BackendRow, fault: String? = nil) {
        self.row = row
        self.fault = fault
    }
}

/// Why a change of a table was not made.
public enum BackendTableFault: Error, Sendable, Hashable {
    /// There is no such row.
    case unknownRow
    /// The table has as many rows as it may have.
    case full(most: Int)
    /// Redis can't be asked.
    case unavailable(String, mayHaveChanged: Bool)
}
