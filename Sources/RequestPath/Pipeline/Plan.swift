import Exchange
import Integrations
import Model

/// What happens to a call on one route: the steps that its definition needs, and the integration that answers.
final class Plan: Sendable {
    /// What answers the call when no step does.
    enum Integration: Sendable {
        case proxy(ProxyPlan)
        case mock(MockPlan)
    }

    let identity: RouteIdentity
    let steps: [any Step]
    let integration: Integration

    init(identity: RouteIdentity, steps: [any Step], integration: Integration) {
        self.identity = identity
        self.steps = steps
        self.integration = integration
    }
}

/// Turns the routes of a model into plans.
struct PlanCompiler {
    let steps: [any Step]
    /// Position of each backend by its name.
    let backends: [String: Int]
    /// Routes that forward alike share a plan, so that thousands of them do not push each other out of the processor's cache.
    private var shared: [SharedKey: ProxyPlan] = [:]

    private struct SharedKey: Hashable {
        var integration: HTTPProxyIntegration
        var stripsBasePath: Bool
    }

    init(steps: [any Step], backends: [String: Int]) {
        self.steps = steps
        self.backends = backends
    }

    /// - Parameter index: the route's position among all routes of the model.
    mutating func plan(for route: Route, of api: HTTPAPI, index: Int) throws(Fault) -> Plan {
        var parameters: [String] = []
        var resourcePath = "$default"
        if case .path(_, let template) = route.key {
            parameters = template.parameterNames
            resourcePath = "\(template)"
        }
        let identity = RouteIdentity(
            api: api.name,
            stage: api.stage,
            routeKey: "\(route.key)",
            resourcePath: resourcePath,
            index: index
        )
        return Plan(identity: identity, steps: steps, integration: try integration(of: route, api, parameters))
    }

    private mutating func integration(
        of route: Route,
        _ api: HTTPAPI,
        _ parameters: [String]
    ) throws(Fault) -> Plan.Integration {
        switch route.integration {
        case .mock(let mock): return .mock(MockPlan(mock, parameters: parameters))
        case .httpProxy(let proxy):
            guard let backend = backends[proxy.backend] else {
                throw Fault("no backend has this name", at: route.source, text: proxy.backend)
            }
            let key = SharedKey(integration: proxy, stripsBasePath: api.stripsBasePath)
            if let plan = shared[key] { return .proxy(plan) }
            let plan = try ProxyPlan(
                proxy,
                backend: backend,
                parameters: parameters,
                stripsBasePath: api.stripsBasePath
            )
            // A path made from parameters depends on their positions in the route.
            if proxy.target == .remainder { shared[key] = plan }
            return .proxy(plan)
        }
    }
}
