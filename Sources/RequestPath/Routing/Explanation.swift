public import Model

/// Why a request goes where it goes: for each API, and each route of the chosen one, what spoke for or against it.
///
/// Slow and thorough, for people: each candidate is asked alone, with the matcher that serves requests.
public struct Explanation: Sendable {
    /// An API and what became of it.
    public struct APICandidate: Sendable, Equatable {
        /// The index among the APIs.
        public let index: Int
        /// What became of it.
        public let verdict: APIVerdict
    }

    /// What became of an API.
    public enum APIVerdict: Sendable, Equatable {
        case taken
        /// None of its hosts is the request's.
        case otherHost
        /// It would take the host, but an API names it more closely.
        case lessSpecificHost(than: HostPattern)
        /// The path is not below its base path.
        case otherBasePath
        /// A longer base path leads to another API.
        case lessSpecificBasePath(than: BasePath)
    }

    /// A route and what became of it.
    public struct RouteCandidate: Sendable, Equatable {
        /// The index among the routes of the chosen API.
        public let index: Int
        /// What became of it.
        public let verdict: RouteVerdict
    }

    /// What became of a route.
    public enum RouteVerdict: Sendable, Equatable {
        case taken
        /// Its template does not match the path.
        case otherPath
        /// Its template matches the path, but it takes other methods.
        case otherMethod
        /// It would take the request, but this route is more specific.
        case lessSpecific(than: RouteKey)
    }

    /// The path as it is matched and forwarded; as it was sent when it is refused.
    public let path: String
    /// Where the request goes.
    public let match: Match
    /// All APIs, in their order. Empty when the path is refused.
    public let apis: [APICandidate]
    /// All routes of the chosen API, in their order. Empty when there is none, or when it refuses the path.
    public let routes: [RouteCandidate]

    /// Explains a request.
    /// - Parameters:
    ///   - host: the value of the `Host` field; empty when there is none.
    ///   - method: the method's name.
    ///   - path: the path without query.
    /// - Throws: what is wrong with the APIs (see `Router`).
    public init(apis: [HTTPAPI], host: String, method: String, path: String) throws(Faults) {
        let router = try Router(apis: apis)
        let request: Request
        do throws(PathFault) {
            request = try Request(host: host, method: method, path: path)
        } catch {
            self.path = path
            match = Match(.refused(error))
            self.apis = []
            routes = []
            return
        }
        self.path = String(decoding: request.path, as: UTF8.self)
        match = request.match(router)
        self.apis = try Self.judge(apis, request, chosen: match.api)
        routes = if let index = match.api { try Self.judgeRoutes(of: apis[index], request, match) } else { [] }
    }

    private static func judge(_ apis: [HTTPAPI], _ request: Request, chosen: Int?) throws(Faults) -> [APICandidate] {
        let closest = try closestHost(apis, request)
        var candidates: [APICandidate] = []
        for (index, api) in apis.enumerated() {
            let verdict: APIVerdict
            if index == chosen {
                verdict = .taken
            } else if let closest, !api.hosts.contains(closest) {
                verdict = try request.meetsHost(of: api) ? .lessSpecificHost(than: closest) : .otherHost
            } else if closest == nil, !api.hosts.isEmpty {
                verdict = .otherHost
            } else if let chosen, try request.meetsBasePath(of: api) {
                verdict = .lessSpecificBasePath(than: apis[chosen].basePath)
            } else {
                verdict = .otherBasePath
            }
            candidates.append(APICandidate(index: index, verdict: verdict))
        }
        return candidates
    }

    /// The exact name or else the longest wildcard that any API has for the request's host.
    private static func closestHost(_ apis: [HTTPAPI], _ request: Request) throws(Faults) -> HostPattern? {
        var closest: HostPattern?
        for pattern in apis.flatMap(\.hosts) where try request.meets(pattern) {
            guard let rival = closest else {
                closest = pattern
                continue
            }
            let isCloser = pattern.isWildcard ? rival.isWildcard && pattern.name.count > rival.name.count : true
            if isCloser { closest = pattern }
        }
        return closest
    }

    private static func judgeRoutes(
        of api: HTTPAPI,
        _ request: Request,
        _ match: Match
    ) throws(Faults) -> [RouteCandidate] {
        if case .refused = match.outcome { return [] }
        var candidates: [RouteCandidate] = []
        for (index, route) in api.routes.enumerated() {
            var alone = api
            alone.hosts = []
            alone.routes = [route]
            let verdict: RouteVerdict
            switch (request.match(try Router(apis: [alone])).outcome, match.outcome) {
            case (.route, .route(index)): verdict = .taken
            case (.route, .route(let winner)): verdict = .lessSpecific(than: api.routes[winner].key)
            case (.methodNotAllowed, _): verdict = .otherMethod
            default: verdict = .otherPath
            }
            candidates.append(RouteCandidate(index: index, verdict: verdict))
        }
        return candidates
    }
}

/// The request that is explained, asked of routers that know only a part of the APIs.
private struct Request {
    let host: [UInt8]
    let method: Method
    let path: [UInt8]
    let hasEncodedSlash: Bool

    init(host: String, method: String, path: String) throws(PathFault) {
        let raw = Array(path.utf8)
        let normalized = try PathPolicy.normalize(raw.span)
        self.host = Array(host.utf8)
        self.method = Method(Array(method.utf8).span)
        self.path = normalized.rewritten ?? raw
        hasEncodedSlash = normalized.hasEncodedSlash
    }

    func match(_ router: Router) -> Match {
        router.match(host: host.span, method: method, path: path.span, hasEncodedSlash: hasEncodedSlash)
    }

    func meets(_ pattern: HostPattern) throws(Faults) -> Bool {
        let api = HTTPAPI(name: pattern.description, hosts: [pattern], routes: [])
        return match(try Router(apis: [api])).api != nil
    }

    func meetsHost(of api: HTTPAPI) throws(Faults) -> Bool {
        match(try Router(apis: [HTTPAPI(name: api.name, hosts: api.hosts, routes: [])])).api != nil
    }

    func meetsBasePath(of api: HTTPAPI) throws(Faults) -> Bool {
        var anywhere = api
        anywhere.hosts = []
        anywhere.routes = []
        return match(try Router(apis: [anywhere])).api != nil
    }
}

extension Explanation.APIVerdict: CustomStringConvertible {
    /// Completes the sentence "The API …".
    public var description: String {
        switch self {
        case .taken: "is taken"
        case .otherHost: "is for other hosts"
        case .lessSpecificHost(let pattern): "is less specific about the host than \(pattern)"
        case .otherBasePath: "has another base path"
        case .lessSpecificBasePath(let path): "has a shorter base path than \(path)"
        }
    }
}

extension Explanation.RouteVerdict: CustomStringConvertible {
    /// Completes the sentence "The route …".
    public var description: String {
        switch self {
        case .taken: "is taken"
        case .otherPath: "has another path"
        case .otherMethod: "has the path, but takes other methods"
        case .lessSpecific(let key): "is less specific than \(key)"
        }
    }
}
