import Authorization
import Exchange
import Integrations
import Model
import Routing
import Throttling

/// What happens to a call on one route: the steps that its definition needs, and the integration that answers.
final class Plan: Sendable {
    /// What answers the call when no step does.
    enum Integration: Sendable {
        case proxy(ProxyPlan)
        case mock(MockPlan)
        /// Another plan, that of the route of the version that the caller gets.
        case version(VersionChoice)
    }

    /// `nil` as long as the route is not known.
    let identity: RouteIdentity?
    let steps: [any Step]
    let integration: Integration
    /// The backends that customers have instead of the integration's; `nil` when none has.
    let backendChoice: BackendChoice?
    /// The position of the API's table among `BackendTables`, whose rows count before those; `nil` when it has none.
    let backendTable: Int?

    init(
        identity: RouteIdentity?,
        steps: [any Step],
        integration: Integration,
        backendChoice: BackendChoice? = nil,
        backendTable: Int? = nil
    ) {
        self.identity = identity
        self.steps = steps
        self.integration = integration
        self.backendChoice = backendChoice
        self.backendTable = backendTable
    }
}

/// Turns the routes of a model into plans.
struct PlanCompiler {
    /// What every call passes after it is known who calls.
    let steps: [any Step]
    let authorization: AuthorizationPlan
    let limits: LimitPlan
    /// Position of each backend by its name.
    let backends: [String: Int]
    /// By the name of the backend that customers have others instead of.
    let backendChoices: [String: BackendChoice]
    /// The names of the APIs with a live table of backends.
    let tabledAPIs: [String]
    /// Routes that forward alike share a plan, so that thousands of them do not push each other out of the processor's cache.
    private var shared: [SharedKey: ProxyPlan] = [:]

    /// Routes that ask for the same share a step; thousands of them name a handful of authorizers.
    private var authorizing: [AccessKey: Authorize?] = [:]
    /// The last step of each API that keeps limits, for its next route.
    private var limiting: [String: EnforceLimits] = [:]

    private struct AccessKey: Hashable {
        var access: AccessRule?
        var claimHeaders: [ClaimHeader]
        var reserved: Set<String>
        var isSandbox: Bool
    }

    private struct SharedKey: Hashable {
        var integration: HTTPProxyIntegration
        var stripsBasePath: Bool
        var prefix: [UInt8]
    }

    init(
        authorization: AuthorizationPlan,
        limits: LimitPlan,
        steps: [any Step],
        backends: [String: Int],
        backendChoices: [String: BackendChoice] = [:],
        tabledAPIs: [String] = []
    ) {
        self.authorization = authorization
        self.limits = limits
        self.steps = steps
        self.backends = backends
        self.backendChoices = backendChoices
        self.tabledAPIs = tabledAPIs
    }

    /// - Parameters:
    ///   - index: the route's position among all routes of the model.
    ///   - reserved: the names of fields that only the gateway may set for this API.
    mutating func plan(
        for route: Route,
        of api: HTTPAPI,
        index: Int,
        reserved: Set<String>
    ) throws(Fault) -> Plan {
        var parameters: [String] = []
        var resourcePath = "$default"
        if case .path(_, let template) = route.key {
            parameters = template.parameterNames
            resourcePath = "\(template)"
        }
        let identity = RouteIdentity(
            api: api.name,
            stage: api.stage,
            version: api.version?.name,
            routeKey: "\(route.key)",
            resourcePath: resourcePath,
            index: index
        )
        let integration = try integration(of: route, api, parameters)
        var choice: BackendChoice?
        var table: Int?
        // What customers have instead is theirs for real; it is no place to try things out.
        if case .httpProxy(let proxy) = route.integration, !api.isSandbox {
            choice = backendChoices[proxy.backend]
            table = api.hasBackendTable ? tabledAPIs.firstIndex(of: api.name) : nil
        }
        return Plan(
            identity: identity,
            steps: try steps(of: route, api, reserved),
            integration: integration,
            backendChoice: choice,
            backendTable: table
        )
    }

    private mutating func steps(of route: Route, _ api: HTTPAPI, _ reserved: Set<String>) throws(Fault) -> [any Step] {
        let key = AccessKey(
            access: route.access,
            claimHeaders: route.claimHeaders,
            reserved: reserved,
            isSandbox: api.isSandbox
        )
        let step: Authorize?
        if let known = authorizing[key] {
            step = known
        } else {
            step = try authorization.step(for: route, reserved: reserved, isSandbox: api.isSandbox)
            authorizing[key] = .some(step)
        }
        let side = api.isSandbox ? "sandbox \(api.name)" : api.name
        let limiting = try limits.step(for: route, of: api, shared: limiting[side])
        if let limiting { self.limiting[side] = limiting }
        let own: [(any Step)?] = [step, limiting]
        return own.compactMap { $0 } + steps
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
            let prefix = Array((api.forwardedPrefix ?? "").utf8)
            let canonical = prefix.isEmpty ? nil : try? PathPolicy.normalize(prefix.span).rewritten
            let key = SharedKey(
                integration: proxy,
                stripsBasePath: api.stripsBasePath || api.version != nil,
                prefix: canonical ?? prefix
            )
            if let plan = shared[key] { return .proxy(plan) }
            let plan = try ProxyPlan(
                proxy,
                backend: backend,
                parameters: parameters,
                stripsBasePath: key.stripsBasePath,
                prefix: key.prefix
            )
            // A path made from parameters depends on their positions in the route.
            if proxy.target == .remainder { shared[key] = plan }
            return .proxy(plan)
        }
    }
}
