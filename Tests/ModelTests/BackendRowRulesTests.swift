import Testing

@testable import Model

/// Which rows of a live table count.
struct BackendRowRulesTests {
    private static let keys = AccessRule.authorizer("keys", scopes: [])

    private static func route(_ key: String, to backend: String?, access: AccessRule? = keys) throws -> Route {
        let integration = backend.map { Integration.httpProxy(HTTPProxyIntegration(backend: $0)) }
        return Route(key: try RouteKey(key), integration: integration ?? .mock(MockIntegration()), access: access)
    }

    /// An API in two versions, with a sandbox, and one without a table.
    private static func model() throws -> Model {
        var first = HTTPAPI(
            name: "shop",
            routes: [try route("GET /orders", to: "orders", access: nil), try route("GET /fixed", to: nil)]
        )
        var second = first
        second.routes = [try route("GET /orders", to: "orders"), try route("GET /open", to: "orders", access: nil)]
        (first.hasBackendTable, second.hasBackendTable) = (true, true)
        var twin = first
        (twin.isSandbox, twin.hasBackendTable) = (true, false)
        twin.routes = [try route("GET /orders", to: "trial"), try route("GET /trial", to: "both")]
        let plain = HTTPAPI(name: "plain", routes: [try route("GET /both", to: "both")])
        let names = ["orders", "trial", "both", "spare", "orders@10.0.0.1:80", "10.0.0.1:80"]
        return Model(
            listeners: [],
            apis: [first, second, twin, plain],
            backends: names.map { Backend(name: $0, targets: []) }
        )
    }

    @Test(
        arguments: [
            (nil, "spare", nil), (nil, "both", nil), ("GET /orders", "orders", nil),
            (nil, "spar", #"no backend has this name under "backends": "spar"; did you mean "spare"?"#),
            (nil, "orders@10.0.0.1:80", #"no backend has this name under "backends": "orders@10.0.0.1:80""#),
            (nil, "10.0.0.1:80", #"no backend has this name under "backends": "10.0.0.1:80""#),
            (nil, "trial", #"this backend is for sandboxes alone: "trial""#),
            ("GET /order", "spare", #"the API has no route with this key: "GET /order"; did you mean "GET /orders"?"#),
            ("GET /trial", "spare", #"the API has no route with this key: "GET /trial""#),
            ("GET /open", "spare", #"nobody is asked who calls on this route: "GET /open""#),
            ("GET /fixed", "spare", #"this route leads to no backend: "GET /fixed""#),
        ] as [(String?, String, String?)]
    )
    func `a row leads customers to declared backends, on routes that know them`(
        route: String?,
        backend: String,
        fault: String?
    ) throws {
        let rules = try #require(BackendRowRules("shop", in: try Self.model()))
        let row = BackendRow(customer: "acme", route: route, backend: backend)
        #expect(rules.fault(in: row, suggests: true)?.description == fault)
    }

    @Test func `a customer's backend is no sandbox's alone`() throws {
        var model = try Self.model()
        var acme = Customer(id: "acme")
        acme.backends = [BackendReplacement("orders", by: "trial")]
        model.customers = [acme]
        let rules = try #require(BackendRowRules("shop", in: model))
        #expect(rules.fault(in: BackendRow(customer: "acme", backend: "trial")) == nil)
    }

    @Test func `only APIs that say so have a table`() throws {
        let model = try Self.model()
        #expect(model.tabledAPIs == ["shop"])
        #expect(model.fault(inTabled: "shop") == nil)
        #expect(BackendRowRules("plain", in: model) == nil)
        #expect(model.fault(inTabled: "plain")?.message.contains("backend_table: true") == true)
        #expect(model.fault(inTabled: "shp")?.suggestion == "shop")
    }
}
