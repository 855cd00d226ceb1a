import Exchange
import Model
import Quotas
import Testing

@testable import Throttling

/// Limits of a model, compiled.
struct LimitPlanTests {
    private static func route(_ key: String, throttle: [ThrottleLimit]? = [], access: AccessRule? = nil) throws -> Route
    {
        Route(key: try RouteKey(key), integration: .mock(MockIntegration()), access: access, throttle: throttle)
    }

    private static func limit(_ name: String, _ traits: [ThrottleLimit.Trait] = [], requests: Int = 1) -> ThrottleLimit
    {
        ThrottleLimit(name: name, requests: requests, period: 1, burst: 1, traits: traits)
    }

    @Test func `refusals are told of limits that are served, and of no others`() {
        let counts = LimitCounts()
        let kept = counts.refusals(of: "gold", place: "plan gold", cause: .throttle)
        for number in 0..<5_000 { counts.refusals(of: "limit", place: "plan \(number)", cause: .quota).add() }
        kept.add()
        let again = counts.refusals(of: "gold", place: "plan gold", cause: .throttle)
        again.add()
        #expect(again === kept)
        #expect(counts.allRefusals.map(\.place) == ["plan gold"] && counts.allRefusals.map(\.count) == [2])
    }

    @Test func `what is not limited has no step`() throws {
        let api = HTTPAPI(name: "shop", routes: [try Self.route("GET /a")])
        let plan = try LimitPlan(Model(listeners: [], apis: [api]), keeper: nil)
        #expect(try plan.step(for: api.routes[0], of: api, shared: nil) == nil)
        #expect(plan.counts == nil && plan.refusals.isEmpty)
    }

    @Test func `a plan that can't be compiled is found before it is`() throws {
        let month = 2_678_400
        var fine = UsagePlan(name: "gold", throttle: [Self.limit("gold")], quotas: [])
        try LimitPlan.check(fine)
        fine.throttle = [
            ThrottleLimit(name: "slow", requests: 1, period: month, burst: 2),
            ThrottleLimit(name: "ü", requests: 1, period: 1, burst: 1),
        ]
        fine.quotas = [CallQuota(name: "day", calls: 1, period: .day, timeZone: "Moon/Base")]
        let faults = try #require(throws: Faults.self) { try LimitPlan.check(fine) }
        #expect(faults.all.count == 3)
        let model = Model(listeners: [], plans: [fine])
        #expect(throws: Faults.self) { try LimitPlan(model, keeper: nil) }
    }

    @Test func `routes that are limited alike share a step`() throws {
        let routes = try ["GET /a", "GET /b"].map { try Self.route($0) } + [try Self.route("GET /c", throttle: nil)]
        let api = HTTPAPI(name: "shop", routes: routes, throttle: [Self.limit("api")])
        let plan = try LimitPlan(Model(listeners: [], apis: [api]), keeper: nil)
        let first = try #require(try plan.step(for: routes[0], of: api, shared: nil))
        #expect(try plan.step(for: routes[1], of: api, shared: first) === first)
        #expect(try plan.step(for: routes[2], of: api, shared: first) == nil)
    }

    @Test func `routes that count apart do not`() throws {
        let routes = try ["GET /a", "GET /b"].map { try Self.route($0) }
        let api = HTTPAPI(name: "shop", routes: routes)
        let plan = try LimitPlan(
            Model(listeners: [], apis: [api], throttle: [Self.limit("each", [.route])]),
            keeper: nil
        )
        let first = try #require(try plan.step(for: routes[0], of: api, shared: nil))
        #expect(try plan.step(for: routes[1], of: api, shared: first) !== first)
    }

    @Test func `plans matter only where callers are known`() throws {
        let routes = [try Self.route("GET /a"), try Self.route("GET /b", access: .authorizer("keys", scopes: []))]
        let api = HTTPAPI(name: "shop", routes: routes)
        let quota = CallQuota(name: "day", calls: 1, period: .day)
        let model = Model(listeners: [], apis: [api], plans: [UsagePlan(name: "gold", quotas: [quota])])
        let plan = try LimitPlan(model, keeper: nil)
        #expect(try plan.step(for: routes[0], of: api, shared: nil) == nil)
        #expect(try plan.step(for: routes[1], of: api, shared: nil)?.looksAtPlans == true)
    }

    @Test func `counts are the same ones in the next configuration`() throws {
        let model = Model(listeners: [], throttle: [Self.limit("all")])
        let former = try LimitPlan(model, keeper: nil)
        let next = try LimitPlan(Model(listeners: []), keeper: nil, former: former)
        #expect(try LimitPlan(model, keeper: nil, former: next).counts === former.counts)
        let counts = try #require(former.counts)
        #expect(counts.number(of: "a", place: "api b") == counts.number(of: "a", place: "api b"))
        #expect(counts.number(of: "a", place: "api b") != counts.number(of: "a", place: "api c"))
        #expect(
            counts.refusals(of: "a", place: "service", cause: .quota)
                === counts.refusals(of: "a", place: "service", cause: .quota)
        )
    }

    @Test func `all faults of limits are told`() throws {
        let gold = UsagePlan(
            name: "gold",
            quotas: [CallQuota(name: "day", calls: 1, period: .day, timeZone: "Mars/Olympus")]
        )
        let model = Model(listeners: [], plans: [gold], throttle: [Self.limit("fast", requests: 2_000_000)])
        let faults = #expect(throws: Faults.self) { try LimitPlan(model, keeper: nil) }
        #expect(faults?.all.map(\.text) == ["2000000 in 1 s", "Mars/Olympus"])
    }

    @Test func `more limits than fit on a call are refused`() throws {
        let routes = [try Self.route("GET /a", throttle: (0..<5).map { Self.limit("route \($0)") })]
        let api = HTTPAPI(name: "shop", routes: routes, throttle: (0..<4).map { Self.limit("api \($0)") })
        let plan = try LimitPlan(Model(listeners: [], apis: [api]), keeper: nil)
        #expect(throws: Fault.self) { try plan.step(for: routes[0], of: api, shared: nil) }
    }

    @Test func `what is known of a caller is hashed apart from what else has the same text`() throws {
        let limits = [Self.limit("a", [.claim("tenant")]), Self.limit("b", [.label("tier")])]
        let plan = try LimitPlan(Model(listeners: [], throttle: limits), keeper: nil)
        let fact = Principal.Fact(name: "tenant", value: "x")
        let principal = Principal(authorizer: "keys", customer: "x", subject: "x", claims: [fact])
        let caller = Caller(principal, plan, try #require(plan.counts).keys)
        let keys = [RuleTrait.customer, .subject, .fact(0)].map { caller.key(of: $0) }
        #expect(Set(keys).count == 3 && !keys.contains(nil))
        #expect(caller.key(of: .fact(1)) == nil && caller.key(of: .address) == nil)
    }
}
