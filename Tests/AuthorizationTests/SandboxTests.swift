import Exchange
import Model
import Testing

@testable import Authorization

/// For whom a step lets through, by whether the route is one of a sandbox. Tests/Clients/test_sandbox.py asks the same of every kind of
/// credentials over the wire.
@Suite struct SandboxTests {
    private static func customer(_ key: String) -> Customer {
        Customer(id: "acme", apiKeys: [Customer.APIKey(form: .secret(Secret(key)))])
    }

    private func plan(_ authorizers: Authorizer...) throws -> AuthorizationPlan {
        var model = Model(listeners: [], authorizers: authorizers, customers: [Self.customer("real-real-real-real")])
        model.sandboxCustomers = [Self.customer("trial-trial-trial-trial")]
        return try AuthorizationPlan(model)
    }

    private static let keys = Authorizer(name: "keys", kind: .apiKey(.header("x-api-key")))

    private func run(
        _ fields: [(String, String)],
        _ name: String,
        of plan: AuthorizationPlan,
        isSandbox: Bool
    ) throws -> String? {
        let route = Route(
            key: .default,
            integration: .mock(MockIntegration()),
            access: .authorizer(name, scopes: [])
        )
        let bench = Bench(fields)
        let step = try #require(try plan.step(for: route, reserved: [], isSandbox: isSandbox))
        return Recorder.text(step.run(bench.exchange))
    }

    @Test(arguments: [
        ("real-real-real-real", false, "next"), ("trial-trial-trial-trial", true, "next"),
        ("real-real-real-real", true, "403 authorizer.production-credentials"),
        ("trial-trial-trial-trial", false, "403 authorizer.sandbox-credentials"),
    ])
    func `a key is good for one side`(key: String, isSandbox: Bool, expected: String) throws {
        #expect(try run([("x-api-key", key)], "keys", of: plan(Self.keys), isSandbox: isSandbox) == expected)
    }

    @Test(arguments: [
        (false, false, "next"), (true, true, "next"),
        (false, true, "403 authorizer.production-credentials"), (true, false, "403 authorizer.sandbox-credentials"),
    ])
    func `a token is good for the side of its authorizer`(isForSandbox: Bool, isSandbox: Bool, expected: String) throws
    {
        var authorizer = tokens()
        authorizer.isSandbox = isForSandbox
        let fields = [("Authorization", "Bearer " + token(claims()))]
        #expect(try run(fields, "tokens", of: plan(authorizer), isSandbox: isSandbox) == expected)
    }

    @Test func `a decision that is remembered leads to its side alone`() throws {
        let plan = try plan(Self.keys)
        let bench = Bench([("x-api-key", "trial-trial-trial-trial")])
        let route = Route(key: .default, integration: .mock(MockIntegration()), access: .authorizer("keys", scopes: []))
        for isSandbox in [true, false, true, false] {
            let step = try #require(try plan.step(for: route, reserved: [], isSandbox: isSandbox))
            #expect((Recorder.text(step.run(bench.exchange)) == "next") == isSandbox)
        }
    }

    @Test(arguments: [
        ("real-real-real-real", "acme"), ("trial-trial-trial-trial", nil), ("nobody-nobody-nobody", nil), ("", nil),
    ])
    func `finding out who calls refuses nobody`(key: String, customer: String?) throws {
        let bench = Bench([("x-api-key", key)])
        let api = HTTPAPI(name: "shop", routes: [])
        let step = try plan(Self.keys).identification(for: api, by: .authorizer("keys", scopes: []))
        #expect(Recorder.text(step.run(bench.exchange)) == "next")
        #expect(bench.exchange.identification?.principal?.customer == customer)
        #expect(bench.exchange.principal == nil)
    }

    @Test func `a route with the rule by which a caller was identified does not ask again`() throws {
        let plan = try plan(Self.keys, Authorizer(name: "others", kind: .apiKey(.header("x-api-key"))))
        let bench = Bench([("x-api-key", "real-real-real-real")])
        let api = HTTPAPI(name: "shop", routes: [])
        _ = try plan.identification(for: api, by: .authorizer("keys", scopes: [])).run(bench.exchange)
        // Who asks again finds nothing.
        bench.set([])
        #expect(try bench.run(.authorizer("others", scopes: []), of: plan) == "403 authorizer.missing-api-key")
        #expect(try bench.run(.authorizer("keys", scopes: ["x"]), of: plan) == "403 authorizer.missing-api-key")
        #expect(bench.exchange.principal == nil)
        #expect(try bench.run(.authorizer("keys", scopes: []), of: plan) == "next")
        #expect(bench.exchange.principal?.customer == "acme")
    }
}
