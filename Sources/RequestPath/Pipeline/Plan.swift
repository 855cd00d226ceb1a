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

    /// - Parameter index: the route's position among all routes of the model.
    func plan(for route: Route, of api: HTTPAPI, index: Int) throws(Fault) -> Plan {
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

    private func integration(
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
            let plan = try ProxyPlan(
                proxy,
                backend: backend,
                parameters: parameters,
                stripsBasePath: api.stripsBasePath
            )
            return .proxy(plan)
        }
    }
}
