import Testing

@testable import Model

/// What the file would say under a plan's name, said elsewhere.
struct PlanSettingsTests {
    @Test func `a plan is what the file would make of it`() throws {
        let settings = """
            {"throttle": {"rate": "10/s", "burst": 20}, "quota": ["5/day", {"calls": "9/month", "per": "route"}]}
            """
        let plan = try PlanSettings(name: "gold", settings: settings).plan
        #expect(plan.name == "gold" && plan.throttle.map(\.name) == ["gold"])
        #expect(plan.throttle.map(\.traits) == [[.customer]] && plan.throttle.map(\.burst) == [20])
        #expect(plan.quotas.map(\.name) == ["day", "month-route"] && plan.quotas.map(\.isPerRoute) == [false, true])
        #expect(try PlanSettings(name: "free", settings: "{}").plan.quotas.isEmpty)
    }

    @Test(arguments: [
        ("gold", "{\"qouta\":\"5/day\"}", "did you mean \"quota\""),
        ("gold", "{\"quota\":\"5/year\"}", "as 10000/month"),
        ("gold", "{\"quota\":[\"5/day\",\"6/day\"]}", "two quotas here have this name"),
        ("gold", "[1]", "a plan"),
        ("a b", "{}", "expected a name"),
    ])
    func `what is wrong is told with what to do`(name: String, settings: String, words: String) throws {
        let faults = try #require(throws: Faults.self) { try PlanSettings(name: name, settings: settings) }
        #expect(faults.all.contains { $0.description.contains(words) })
    }

    @Test func `a call stands under eight limits, the plan's included, and a plan has eight quotas`() throws {
        let own = (0..<6).map { ThrottleLimit(name: "t\($0)", requests: 1, period: 1, burst: 1) }
        let route = Route(key: try RouteKey("GET /a"), integration: .mock(MockIntegration()), throttle: own)
        let model = Model(listeners: [], apis: [HTTPAPI(name: "shop", routes: [route])])
        func faults(_ throttles: Int, _ quotas: Int) throws -> [Fault] {
            let limits = (0..<throttles).map { "{name: t\($0), rate: 1/s}" }.joined(separator: ", ")
            let calls = (0..<quotas).map { "{name: q\($0), calls: 1/day}" }.joined(separator: ", ")
            let plan = try PlanSettings(name: "gold", settings: "{throttle: [\(limits)], quota: [\(calls)]}").plan
            return model.faults(in: plan)
        }
        #expect(try faults(2, 8).isEmpty)
        #expect(try faults(3, 8).contains { $0.description.contains("9 limits on GET /a of shop") })
        #expect(try faults(2, 9).contains { $0.description.contains("at most 8 quotas") })
    }
}
