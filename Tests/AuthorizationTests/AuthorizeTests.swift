import Exchange
import Model
import Testing

@testable import Authorization

@Suite struct AuthorizeTests {
    private static let customers = [
        Customer(
            id: "acme",
            apiKeys: [Customer.APIKey(id: "first", form: .secret(Secret("acme-acme-acme-acme")))],
            labels: [Customer.Label(name: "tier", value: "gold")]
        ),
        Customer(
            id: "gone",
            isSuspended: true,
            apiKeys: [Customer.APIKey(form: .secret(Secret("gone-gone-gone-gone")))]
        ),
    ]

    private func plan(_ authorizers: Authorizer...) throws -> AuthorizationPlan {
        try AuthorizationPlan(Model(listeners: [], authorizers: authorizers, customers: Self.customers))
    }

    private static let keys = Authorizer(name: "keys", kind: .apiKey(.header("x-api-key")))

    private static func rule(_ name: String, scopes: [String] = []) -> AccessRule { .authorizer(name, scopes: scopes) }

    @Test(arguments: ["Bearer ", "bearer ", "BEARER   ", ""]) func `a good token is taken, at first and from the cache`(
        scheme: String
    ) throws {
        let bench = Bench([("Authorization", scheme + token(claims(",\"tenant\":\"red\",\"level\":3")))])
        let plan = try plan(tokens())
        for _ in 0..<2 {
            #expect(try bench.run(Self.rule("tokens"), of: plan) == "next")
            #expect(bench.exchange.principal?.subject == "someone")
            #expect(bench.exchange.principal?.claim("level") == "3")
            bench.exchange.principal = nil
        }
    }

    @Test(
        arguments: [
            ("", "401 authorizer.missing-token"),
            ("Basic dTpw", "401 authorizer.missing-token"),
            ("Bearer", "401 authorizer.malformed-token"),
            ("Bearer x", "401 authorizer.malformed-token"),
            ("Bearer " + token(claims(), secret: String(repeating: "x", count: 32)), "401 authorizer.wrong-signature"),
            (
                "Bearer " + token("{\"iss\":\"https://issuer.test\",\"aud\":\"orders\",\"exp\":1}"),
                "401 authorizer.expired-token"
            ),
        ]
    )
    func `anything else is not`(value: String, expected: String) throws {
        let bench = Bench(value.isEmpty ? [] : [("Authorization", value)])
        #expect(try bench.run(Self.rule("tokens"), of: try plan(tokens())) == expected)
        #expect(bench.exchange.principal == nil)
    }

    @Test func `two tokens are refused`() throws {
        let good = "Bearer " + token(claims())
        let bench = Bench([("Authorization", good), ("authorization", good)])
        #expect(try bench.run(Self.rule("tokens"), of: try plan(tokens())) == "400 authorizer.duplicate-credentials")
    }

    @Test func `a cached decision does not skip the scopes of another route`() throws {
        let bench = Bench([("Authorization", token(claims(",\"scope\":\"read\"")))])
        let plan = try plan(tokens())
        #expect(try bench.run(Self.rule("tokens", scopes: ["read", "write"]), of: plan) == "next")
        #expect(try bench.run(Self.rule("tokens", scopes: ["write"]), of: plan) == "403 authorizer.insufficient-scope")
    }

    @Test func `keys belong to customers, and suspended ones are refused`() throws {
        let plan = try plan(Self.keys)
        let bench = Bench([("X-API-Key", "acme-acme-acme-acme")])
        #expect(try bench.run(Self.rule("keys"), of: plan) == "next")
        #expect(bench.exchange.principal?.customer == "acme")
        #expect(bench.exchange.principal?.label("tier") == "gold")
        bench.set([("x-api-key", "gone-gone-gone-gone")])
        #expect(try bench.run(Self.rule("keys"), of: plan) == "403 authorizer.suspended-customer")
        bench.set([("x-api-key", "acme-acme-acme-acmf")])
        #expect(try bench.run(Self.rule("keys"), of: plan) == "403 authorizer.unknown-api-key")
    }

    @Test func `a key in the query is found however it is spelled, and once only`() throws {
        let plan = try plan(Authorizer(name: "keys", kind: .apiKey(.query("key"))))
        for (query, expected) in [
            ("a=1&key=acme-acme-acme%2Dacme", "next"), ("k%65y=acme-acme-acme-acme", "next"),
            ("key=acme-acme-acme-acme&k%65y=x", "400 authorizer.duplicate-credentials"),
            ("key=%zz", "403 authorizer.unknown-api-key"), ("key=", "403 authorizer.missing-api-key"),
            ("", "403 authorizer.missing-api-key"), ("keys=1&ke=2", "403 authorizer.missing-api-key"),
        ] {
            #expect(try Bench(query: query).run(Self.rule("keys"), of: plan) == expected, "\(query)")
        }
    }

    @Test func `of several the first that takes decides, and the denial that says most is told`() throws {
        let plan = try plan(Self.keys, tokens())
        let either = AccessRule.anyOf([Self.rule("keys"), Self.rule("tokens")])
        #expect(try Bench([("Authorization", token(claims()))]).run(either, of: plan) == "next")
        #expect(try Bench([("x-api-key", "acme-acme-acme-acme")]).run(either, of: plan) == "next")
        #expect(try Bench([("Authorization", "x.y")]).run(either, of: plan) == "401 authorizer.malformed-token")
        #expect(try Bench().run(either, of: plan) == "403 authorizer.missing-api-key")
    }

    @Test func `where all have to take, what they know is joined, and they know one customer`() throws {
        let plan = try plan(Self.keys, tokens(customer: "sub"))
        let both = AccessRule.allOf([Self.rule("keys"), Self.rule("tokens")])
        let good = token(claims().replacing("someone", with: "acme"))
        let bench = Bench([("x-api-key", "acme-acme-acme-acme"), ("Authorization", good)])
        #expect(try bench.run(both, of: plan) == "next")
        #expect(bench.exchange.principal?.apiKeyID == "first" && bench.exchange.principal?.subject == "acme")
        #expect(try Bench([("Authorization", good)]).run(both, of: plan) == "403 authorizer.missing-api-key")
        let gone = token(claims().replacing("someone", with: "gone"))
        let suspended = Bench([("x-api-key", "acme-acme-acme-acme"), ("Authorization", gone)])
        #expect(try suspended.run(both, of: plan) == "403 authorizer.suspended-customer")
    }

    @Test(arguments: ["X-Customer", "x-customer", "X_Customer", "X-CUSTOMER"])
    func `fields that only the gateway may set are taken off, whoever calls`(name: String) throws {
        let bench = Bench([("A", "1"), (name, "admin"), ("B", "2"), (name, "root"), ("X-Customers", "3")])
        let plan = try plan()
        #expect(try bench.run(nil, of: plan, reserved: ["x-customer"]) == "next")
        #expect(bench.fieldNames == ["A", "B", "X-Customers"])
    }

    @Test func `an unchanged authorizer keeps its decisions over a reload, a changed one or other customers do not`()
        throws
    {
        let model = Model(listeners: [], authorizers: [tokens()], customers: Self.customers)
        let first = try AuthorizationPlan(model)
        #expect(try AuthorizationPlan(model, former: first).memories == first.memories)
        var other = model
        other.authorizers = [tokens(scopes: ["read"])]
        #expect(try AuthorizationPlan(other, former: first).memories.isDisjoint(with: first.memories))
        other = model
        other.customers[0].isSuspended = true
        #expect(try AuthorizationPlan(other, former: first).memories.isDisjoint(with: first.memories))
    }

    @Test func `faults of customers are all told`() {
        let twice = [
            Customer(id: "a", apiKeys: [Customer.APIKey(form: .secret(Secret("one-one-one-one-one")))]),
            Customer(
                id: "b",
                apiKeys: [Customer.APIKey(form: .secret(Secret("one-one-one-one-one")))],
                passwords: [Customer.Password(user: "u", hash: Secret("$scrypt$ln=30,r=8,p=1$AAAA$AAAA"))]
            ),
        ]
        let faults = #expect(throws: Faults.self) { try AuthorizationPlan(Model(listeners: [], customers: twice)) }
        #expect(faults?.all.count == 2)
    }
}
