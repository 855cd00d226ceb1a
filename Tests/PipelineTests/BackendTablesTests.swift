import Exchange
import Integrations
import Model
import NIOCore
import NIOEmbedded
import Testing

@testable import Pipeline

/// Where calls go by the live tables of customers' backends.
struct BackendTablesTests {
    /// Knows who calls.
    private struct Knowing: Step {
        let name = "knowing"
        let customer: String?

        func run(_ exchange: Exchange) -> Verdict {
            exchange.principal = Principal(authorizer: "keys", customer: customer)
            return .next
        }
    }

    private static let names = ["orders", "own", "europe", "asia"]

    private static func model(isSandbox: Bool = false, others: [String] = []) throws -> Model {
        let proxy = Integration.httpProxy(HTTPProxyIntegration(backend: "orders"))
        let routes = [try RouteKey("GET /orders"), try RouteKey("$default")].map { Route(key: $0, integration: proxy) }
        var api = HTTPAPI(name: "shop", routes: routes)
        (api.hasBackendTable, api.isSandbox) = (true, isSandbox)
        let apis = try others.map { name in
            var other = HTTPAPI(name: name, basePath: try BasePath("/\(name)"), routes: routes)
            other.hasBackendTable = true
            return other
        }
        var branch = Customer(id: "branch")
        branch.backends = [BackendReplacement("orders", by: "own")]
        // Their names can't be resolved, so that nothing is sent anywhere.
        return Model(
            listeners: [Listener(port: 0)],
            apis: apis + [api],
            backends: names.map { Backend(name: $0, targets: [Backend.Target(host: "\($0).invalid", port: 80)]) },
            customers: [branch]
        )
    }

    private static let rows = [
        BackendRow(customer: "acme", backend: "europe"),
        BackendRow(customer: "branch", route: "GET /orders", backend: "asia"),
        BackendRow(customer: "both", backend: "europe"),
        BackendRow(customer: "both", route: "GET /orders", backend: "asia"),
    ]

    /// What a call comes to: the backend that could not be resolved, or another cause.
    private static func outcome(
        _ path: String,
        of customer: String?,
        isSandbox: Bool = false,
        rows: [BackendRow]? = rows
    ) throws -> String {
        let model = try model(isSandbox: isSandbox)
        let snapshot = try Snapshot(model, revision: 1, steps: [Knowing(customer: customer)])
        let tables = BackendTables(number: 1, of: model, rows: rows.map { ["shop": $0] } ?? [:])
        let publication = Publication(snapshot, backendTables: tables)
        let worker = Worker(publication, on: EmbeddedEventLoop(), workers: 1, seed: 1)
        let exchange = Exchange(worker: worker.context)
        exchange.request.bytes = ByteBuffer(string: "GET \(path) HTTP/1.1\r\n\r\n")
        exchange.request.method = ByteRange(start: 0, count: 3)
        exchange.request.path = ByteRange(start: 4, count: path.utf8.count)
        exchange.handler = worker
        worker.begin(exchange)
        guard exchange.record.cause == "backend.unresolved" else { return "\(exchange.record.cause?.text ?? "")" }
        return exchange.record.backend ?? ""
    }

    @Test(
        arguments: [
            ("/orders", "acme", "europe"), ("/other", "acme", "europe"),
            ("/orders", "branch", "asia"), ("/other", "branch", "own"),
            ("/orders", "both", "asia"), ("/other", "both", "europe"),
            ("/orders", "nobody", "orders"), ("/orders", nil, "orders"),
        ] as [(String, String?, String)]
    )
    func `a route's row comes before the API's, before the customer's own, before the route's backend`(
        path: String,
        customer: String?,
        backend: String
    ) throws {
        #expect(try Self.outcome(path, of: customer) == backend)
    }

    @Test(arguments: ["acme", "branch", "both"])
    func `no row leads out of a sandbox`(customer: String) throws {
        #expect(try Self.outcome("/orders", of: customer, isSandbox: true) == "orders")
    }

    @Test func `a customer waits for a table that was never read, and nobody else does`() throws {
        #expect(try Self.outcome("/orders", of: "acme", rows: nil) == "backend.table-unavailable")
        #expect(try Self.outcome("/orders", of: "stranger", rows: nil) == "backend.table-unavailable")
        #expect(try Self.outcome("/orders", of: nil, rows: nil) == "orders")
        #expect(try Self.outcome("/orders", of: "acme", isSandbox: true, rows: nil) == "orders")
        #expect(try Self.outcome("/orders", of: "acme", rows: []) == "orders")
    }

    @Test func `a table is found where a reload has moved it`() throws {
        let rows = ["shop": Self.rows, "other": [BackendRow(customer: "acme", backend: "asia")]]
        let tables = BackendTables(number: 1, of: try Self.model(others: ["other", "unread"]), rows: rows)
        for position in 0...5 {
            #expect(tables.table(at: position, of: "shop")?.place(for: "acme", route: "$default")?.name == "europe")
            #expect(tables.table(at: position, of: "other")?.place(for: "acme", route: "$default")?.name == "asia")
            #expect(tables.table(at: position, of: "unread") == nil)
        }
    }

    @Test func `tables that come after newer ones change nothing`() throws {
        let model = try Self.model()
        let snapshot = try Snapshot(model, revision: 1)
        let newer = BackendTables(number: 3, of: model, rows: ["shop": Self.rows])
        let older = BackendTables(number: 2, of: model, rows: [:])
        let worker = Worker(
            Publication(snapshot, backendTables: newer),
            on: EmbeddedEventLoop(),
            workers: 1,
            seed: 1
        )
        worker.adopt(older)
        #expect(worker.backendTables === newer)
        worker.adopt(Publication(snapshot, backendTables: older))
        #expect(worker.backendTables === newer)
    }
}
