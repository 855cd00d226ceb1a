/// What the rows of an API's table may say, by what a model has.
public struct BackendRowRules: Sendable {
    /// What a row could do about a route.
    private enum Reach: Int {
        /// The gateway answers itself.
        case mock
        /// Nobody is asked who calls.
        case open
        case decides
    }

    /// By the routes' keys; of those of several versions, what reaches farthest.
    private let routes: [String: Reach]
    private let backends: Set<String>
    private let sandboxBackends: Set<String>

    /// The rules of an API; `nil` when it has no table.
    public init?(_ api: String, in model: Model) {
        guard model.tabledAPIs.contains(api) else { return nil }
        var routes: [String: Reach] = [:]
        for route in model.apis.filter({ $0.name == api && !$0.isSandbox }).flatMap(\.routes) {
            let key = "\(route.key)"
            if routes[key].map({ $0.rawValue < Self.reach(of: route).rawValue }) ?? true {
                routes[key] = Self.reach(of: route)
            }
        }
        self.routes = routes
        // Those that the file declares by name. What routes and customers have as a URL comes with names that are none.
        let declared = Set(model.backends.map(\.name).filter { Shape<String>.isName($0) })
        sandboxBackends = declared.intersection(model.backendsOfSandboxesAlone)
        backends = declared.subtracting(sandboxBackends)
    }

    /// Whether a row could decide where calls on a route go.
    static func canDecide(_ route: Route) -> Bool { reach(of: route) == .decides }

    private static func reach(of route: Route) -> Reach {
        guard case .httpProxy = route.integration else { return .mock }
        return route.access == nil ? .open : .decides
    }

    /// Why a row does not count; `nil` when it does.
    /// - Parameter suggests: whether to look for what was probably meant, which takes a while.
    public func fault(in row: BackendRow, suggests: Bool = false) -> Fault? {
        guard Customer.isName(row.customer) else { return Fault("no customer can have this id", text: row.customer) }
        if let route = row.route {
            switch routes[route] {
            case .decides: break
            case .open: return Fault("nobody is asked who calls on this route", text: route)
            case .mock: return Fault("this route leads to no backend", text: route)
            case nil:
                let suggestion = suggests ? Spelling.closest(to: route, among: routes.keys.sorted()) : nil
                return Fault("the API has no route with this key", text: route, suggestion: suggestion)
            }
        }
        if backends.contains(row.backend) { return nil }
        if sandboxBackends.contains(row.backend) {
            return Fault("this backend is for sandboxes alone", text: row.backend)
        }
        let suggestion = suggests ? Spelling.closest(to: row.backend, among: backends.sorted()) : nil
        return Fault("no backend has this name under \"backends\"", text: row.backend, suggestion: suggestion)
    }
}

extension Model {
    /// The names of the APIs with a live table of backends, in their order, each once.
    public var tabledAPIs: [String] {
        var names: [String] = []
        for api in apis where api.hasBackendTable && !names.contains(api.name) { names.append(api.name) }
        return names
    }

    /// What is wrong with the name of an API that is to have a table; `nil` when it has one.
    public func fault(inTabled api: String) -> Fault? {
        if tabledAPIs.contains(api) { return nil }
        if apis.contains(where: { $0.name == api }) {
            return Fault("this API has no table; \"backend_table: true\" gives it one", text: api)
        }
        let suggestion = Spelling.closest(to: api, among: Set(apis.map(\.name)).sorted())
        return Fault("no API has this name", text: api, suggestion: suggestion)
    }

    /// The backends that sandboxes lead to, and nothing else does.
    fileprivate var backendsOfSandboxesAlone: Set<String> {
        var (sandbox, others): (Set<String>, Set<String>) = ([], Set(customers.flatMap(\.backends).map(\.replacement)))
        for api in apis {
            for route in api.routes {
                guard case .httpProxy(let proxy) = route.integration else { continue }
                if api.isSandbox { sandbox.insert(proxy.backend) } else { others.insert(proxy.backend) }
            }
        }
        return sandbox.subtracting(others)
    }
}
