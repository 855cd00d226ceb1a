import ArgumentParser
import Testing

@testable import DaemunCommand

@Suite struct ExplainCommandTests {
    private let folder: TemporaryFolder
    private let file: String

    init() throws {
        folder = try TemporaryFolder()
        file = try folder.write(shop, to: "shop.yaml")
    }

    @Test func `the way is told from API to servers, and why not the others`() throws {
        #expect(
            try explain("GET", "http://api.test/v1/orders/%37?x=1") == """
                GET api.test/v1/orders/7?x=1

                api      orders, stage $default (shop.yaml:3:3)
                route    GET /orders/{id} (shop.yaml:8:7)
                         id = 7
                steps    none
                backend  orders, hash(ip)
                         → GET http://a.test:1/intern/7?x=1
                         → GET http://b.test/base/intern/7?x=1 (weight 3)

                Why not the others:
                  API all is less specific about the host than api.test
                  route POST /orders has another path
                  route ANY /files/{path+} has another path
                  route GET /hello has another path

                """
        )
    }

    @Test func `the limits of the route are told, with where they stand`() throws {
        let text = """
            throttle: { rate: 6000/min, burst: 20, per: address }
            plans: { gold: { throttle: 5/s, quota: { calls: 9/day, per: route } } }
            authorizers: { keys: { api_key: {} } }
            apis:
              all:
                throttle: 7/h
                routes:
                  GET /a: { reply: {}, authorize: keys, throttle: { name: own, rate: 1/day, per: [customer, claims.x] } }
                  GET /b: { reply: {}, throttle: none }
            """
        let limited = try folder.write(text, to: "limited.yaml")
        let command = { (path: String) in
            try ExplainCommand.parse(["GET", path, limited]).report(.plain).output
        }
        let told = try command("/a")
        for line in [
            "limits  service-address: 6000/min, 20 at once, per address, service\n", "api: 7/h, 7 at once, api all\n",
            "own: 1/day, 1 at once, per customer and claims.x, route\n",
            "gold: 5/s, 5 at once, per customer, plan gold\n",
            "day-route: 9/day, zone UTC, per route, plan gold\n",
        ] {
            #expect(told.contains(line))
        }
        #expect(!(try command("/b")).contains("limits"))
    }

    @Test func `the base path is taken off and the method replaced`() throws {
        #expect(try explain("PUT", "https://api.test:443/v1/files/a//b#c").contains("→ GET http://c.test/files/a/b\n"))
    }

    @Test func `a Host field decides instead of the URL`() throws {
        let text = try explain("GET", "/v1/hello", "--header", "host: API.test")
        #expect(text.contains("answer  200 from the gateway, as the route says\n"))
    }

    @Test func `a path without a host falls to the API for all hosts`() throws {
        #expect(try explain("GET", "/v1/hello?").contains("→ GET http://c.test/v1/hello?\n"))
    }

    @Test(
        arguments: [
            ("DELETE", "http://api.test/v1/hello", "405 from the gateway, cause route.method-not-allowed, Allow: GET"),
            ("OPTIONS", "http://api.test/v1/hello", "204 from the gateway, Allow: GET"),
            ("GET", "http://api.test/v1/nothing", "404 from the gateway, cause route.not-found"),
            ("GET", "http://api.test/v2", "404 from the gateway, cause route.no-api"),
            ("GET", "http://api.test/v1/../x", "400 from the gateway, cause path.dot-segment"),
        ]
    )
    func `a request that no route takes is at fault`(method: String, url: String, answer: String) throws {
        let report = try ExplainCommand.parse([method, url, file]).report(.plain)
        #expect(report.isAtFault)
        #expect(report.output.contains(answer))
    }

    @Test func `JSON says the same`() throws {
        let output = try ExplainCommand.parse(["--json", "GET", "http://api.test/v1/orders/7", file]).report(.plain)
            .output
        #expect(output.contains(#""parameters":[{"name":"id","value":"7"}]"#))
        #expect(output.contains(#"{"name":"GET /hello","taken":false,"verdict":"has another path"}"#))
        #expect(output.contains(#"{"method":"GET","url":"http://b.test/base/intern/7","weight":3}"#))
    }

    @Test(arguments: [["GET", "api.test/v1"], ["GET", "/", "--header", "nothing"], ["GET"]])
    func `wrong usage is refused before anything is read`(arguments: [String]) {
        #expect(throws: (any Error).self) { try ExplainCommand.parse(arguments) }
    }

    private static let customers = """
        authorizers: { keys: { api_key: {} } }
        customers: { acme: { backends: { orders: http://own.test/base }, versions: { shop: v1 } }, other: {} }
        backends: { orders: { targets: http://a.test } }
        apis:
          shop:
            path: /shop
            authorize: keys
            default_version: v2
            versions:
              v1: { routes: { GET /orders: orders }, sunset: 2124-01-01 }
              v2: { routes: { GET /orders: orders, GET /open: { to: orders, authorize: none } } }
              v0: { routes: { GET /orders: orders }, sunset: 2020-01-01 }
        """

    @Test(arguments: [
        ("/shop/orders", "acme", "version v1", "orders@own.test:80/base instead of orders, for customer acme"),
        ("/shop/orders", "acme", "version v1", "which acme has on paths without a version"),
        ("/shop/orders", "acme", "version v1", "→ GET http://own.test/base/orders"),
        ("/shop/v2/orders", "acme", "version v2", "→ GET http://own.test/base/orders"),
        ("/shop/orders", "other", "version v2", "→ GET http://a.test/orders"),
        ("/shop/v2/open", "acme", "version v2", "→ GET http://a.test/open"),
        ("/shop/v0/orders", "acme", "version v0", "410 from the gateway, cause version.sunset"),
        ("/shop/open", "acme", "version v1", "404 from the gateway, cause route.not-found"),
    ])
    func `a customer's version and backend are told`(
        path: String,
        customer: String,
        version: String,
        way: String
    ) throws {
        let file = try folder.write(Self.customers, to: "customers.yaml")
        let output = try ExplainCommand.parse(["GET", path, "--customer", customer, file]).report(.plain).output
        #expect(output.contains(version))
        #expect(output.contains(way))
    }

    @Test func `a customer who is none is a fault`() throws {
        let report = try ExplainCommand.parse(["GET", "/v1/hello", "--customer", "nobody", file]).report(.plain)
        #expect(report.isAtFault)
        #expect(report.complaint.contains("no customer has this id: \"nobody\""))
    }

    /// The output without the folder of the file, whose length would move the columns.
    private func explain(_ arguments: String...) throws -> String {
        try ExplainCommand.parse(arguments + [file]).report(.plain).output
            .replacing(folder.path + "/", with: "")
    }
}
