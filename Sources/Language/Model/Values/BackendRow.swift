/// A row of an API's live table of backends: whose calls go where.
public struct BackendRow: Sendable, Hashable {
    /// The customer's id.
    public var customer: String
    /// The key of a route, as `RouteKey` describes it; `nil` for all routes of the API.
    public var route: String?
    /// The name of a backend that the file declares.
    public var backend: String

    /// Makes a row.
    public init(customer: String, route: String? = nil, backend: String) {
        self.customer = customer
        self.route = route
        self.backend = backend
    }
}

extension BackendRow: Comparable {
    /// By customer; of one, the row for all routes first.
    public static func < (left: BackendRow, right: BackendRow) -> Bool {
        (left.customer, left.route ?? "", left.backend) < (right.customer, right.route ?? "", right.backend)
    }
}
