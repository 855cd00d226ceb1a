import Exchange
public import Model

/// The live tables of customers' backends, as workers look them up: one for each API that has one, immutable. Operators change them while
/// gateways run, so that they come to workers by themselves, and not with a snapshot.
public final class BackendTables: Sendable {
    /// The rows of one API.
    final class Table: Sendable {
        /// What a customer has.
        struct Places: Sendable {
            /// On all routes that have no row of their own.
            var everywhere: BackendChoice.Place?
            /// By the routes' keys.
            var byRoute: [String: BackendChoice.Place] = [:]
        }

        let api: String
        private let byCustomer: [String: Places]

        init(api: String, rows: [BackendRow], positions: [String: Int]) {
            self.api = api
            var byCustomer: [String: Places] = [:]
            for row in rows {
                let place = BackendChoice.Place(position: positions[row.backend] ?? 0, name: row.backend)
                if let route = row.route {
                    byCustomer[row.customer, default: Places()].byRoute[route] = place
                } else {
                    byCustomer[row.customer, default: Places()].everywhere = place
                }
            }
            self.byCustomer = byCustomer
        }

        /// Where a customer's calls on a route go; `nil` when no row says so.
        func place(for customer: String, route: String) -> BackendChoice.Place? {
            guard let places = byCustomer[customer] else { return nil }
            if !places.byRoute.isEmpty, let place = places.byRoute[route] { return place }
            return places.everywhere
        }
    }

    /// Of two, the one with the higher number is newer.
    public let number: Int
    /// In the order of `Model.tabledAPIs`; `nil` for one that was never read.
    private let tables: [Table?]

    /// Makes tables of their rows.
    /// - Parameters:
    ///   - number: more than that of all before.
    ///   - model: says which APIs have a table, and in which order the backends are.
    ///   - rows: those that count, by the APIs' names. One that is missing was never read.
    public init(number: Int, of model: Model, rows: [String: [BackendRow]]) {
        self.number = number
        var positions: [String: Int] = [:]
        for (index, backend) in model.backends.enumerated() { positions[backend.name] = index }
        tables = model.tabledAPIs.map { api in
            rows[api].map { Table(api: api, rows: $0, positions: positions) }
        }
    }

    private init() {
        number = 0
        tables = []
    }

    /// Nobody's.
    public static let none = BackendTables()

    /// The table of an API.
    /// - Parameter position: where it is likely to be. A reload moves it, and calls that have waited over one have the former position.
    func table(at position: Int, of api: String) -> Table? {
        if position < tables.count, let table = tables[position], table.api == api { return table }
        for table in tables { if let table, table.api == api { return table } }
        return nil
    }

    /// Where a call would go depends on what nobody has told yet.
    static let unavailable = Refusal(
        status: 503,
        cause: "backend.table-unavailable",
        fields: [ReplyField("Retry-After", "1")]
    )
}
