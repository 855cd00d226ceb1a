import Authorization
import Model
import Routing

/// The way that a request would take through a gateway, and why no other.
struct ExplainedRequest: Encodable {
    struct Request: Encodable {
        var method: String
        /// The value of `Host`; empty when there is none.
        var host: String
        /// Canonical, unless it is refused.
        var path: String
        var query: String?
    }

    /// What the gateway answers when no route takes the request.
    struct Answer: Encodable {
        var status: Int
        /// The stable cause in log and metrics.
        var cause: String?
        /// The field `Allow`.
        var allow: String?
    }

    struct TakenAPI: Encodable {
        var name: String
        var stage: String
        var version: String?
        /// Whether it is the version that the customer has on paths that name none.
        var isPinned: Bool?
        var source: String?

        private enum CodingKeys: String, CodingKey {
            case name, stage, version, source
            case isPinned = "pinned"
        }
    }

    struct TakenRoute: Encodable {
        var key: String
        var source: String?
        var parameters: [Parameter]
    }

    struct Parameter: Encodable {
        var name: String
        /// Percent-encoded, as it is matched and forwarded.
        var value: String
    }

    /// An API or route, and what became of it.
    struct Candidate: Encodable {
        var name: String
        /// Completes the sentence that starts with the name.
        var verdict: String
        var isTaken: Bool

        private enum CodingKeys: String, CodingKey {
            case name, verdict
            case isTaken = "taken"
        }
    }

    var request: Request
    var answer: Answer?
    var api: TakenAPI?
    var route: TakenRoute?
    /// The steps of the route's plan.
    var steps: [String] = []
    /// The limits and quotas that calls of the route stand under.
    var limits: [ExplainedLimit] = []
    /// What the route's authorizers think of a token, when one was given.
    var tokens: [ExplainedToken]?
    /// Who may take the route.
    private(set) var access: AccessRule?
    /// Who is said to call.
    var customer: String?
    var integration: ExplainedIntegration?
    var apis: [Candidate]
    var routes: [Candidate]
    /// Why customers and plans that are managed while the gateway runs, or some of them, are not part of this.
    var notice: String?

    private enum CodingKeys: String, CodingKey {
        case request, answer, api, route, steps, limits, tokens, customer, integration, apis, routes, notice
    }

    /// Finds the way of a request.
    /// - Parameter customer: who calls, as authorizers would find out; `nil` when that is not known.
    /// - Throws: what is wrong with the routes of the model.
    init(
        _ request: Request,
        by model: Model,
        _ authorization: AuthorizationPlan,
        customer: Customer? = nil
    ) throws(Faults) {
        let (explanation, isPinned) = try Self.explanation(of: request, model, customer)
        let match = explanation.match
        self.request = request
        self.customer = customer?.id
        self.request.path = explanation.path
        apis = explanation.apis.map { candidate in
            Candidate(
                name: model.apis[candidate.index].title,
                verdict: candidate.verdict.description,
                isTaken: candidate.verdict == .taken
            )
        }
        guard let index = match.api else {
            routes = []
            answer = Self.answer(of: match, to: request.method)
            return
        }
        let api = model.apis[index]
        self.api = TakenAPI(
            name: api.name,
            stage: api.stage,
            version: api.version?.name,
            isPinned: isPinned ? true : nil,
            source: api.source?.description
        )
        routes = explanation.routes.map { candidate in
            Candidate(
                name: api.routes[candidate.index].key.description,
                verdict: candidate.verdict.description,
                isTaken: candidate.verdict == .taken
            )
        }
        if let end = api.version?.sunsetAt, SystemTime.seconds() >= Double(end) {
            answer = Answer(status: 410, cause: "version.sunset")
            return
        }
        guard case .route(let position) = match.outcome else {
            answer = Self.answer(of: match, to: request.method)
            return
        }
        let taken = api.routes[position]
        let parameters = Self.parameters(of: taken.key, match, explanation.path)
        route = TakenRoute(
            key: taken.key.description,
            source: taken.source?.description,
            parameters: parameters
        )
        access = taken.access
        limits = ExplainedLimit.all(on: taken, of: api, in: model, for: api.isSandbox ? nil : customer)
        steps = try Self.steps(of: taken, api, authorization) + (limits.isEmpty ? [] : ["limits"])
        integration = ExplainedIntegration(
            of: taken,
            remainder: Self.remainder(of: explanation.path, api, match),
            parameters: parameters,
            request: self.request,
            backends: model.backends,
            // Where nobody is asked who calls, nobody is known.
            customer: taken.access == nil || api.isSandbox ? nil : customer,
            hasTable: api.hasBackendTable
        )
    }

    private static func steps(
        of route: Route,
        _ api: HTTPAPI,
        _ authorization: AuthorizationPlan
    ) throws(Faults) -> [String] {
        do throws(Fault) {
            let reserved = AuthorizationPlan.reservedFields(of: api)
            return try authorization.step(for: route, reserved: reserved, isSandbox: api.isSandbox).map { [$0.name] }
                ?? []
        } catch {
            throw Faults([error])
        }
    }

    /// A path without a version is explained as that of the version that the customer gets.
    private static func explanation(
        of request: Request,
        _ model: Model,
        _ customer: Customer?
    ) throws(Faults) -> (Explanation, isPinned: Bool) {
        let host = request.host
        let method = request.method
        let plain = try Explanation(apis: model.apis, host: host, method: method, path: request.path)
        guard let index = plain.match.api, let base = model.apis[index].unversionedPath,
            plain.match.depth == base.segments.count,
            let pin = customer?.versions.first(where: { $0.api == model.apis[index].name }),
            pin.version != model.apis[index].version?.name
        else { return (plain, false) }
        let rest = text(plain.path, from: plain.match.basePathEnd)
        let path = base.appending(pin.version).description + (rest == "/" ? "" : rest)
        return (try Explanation(apis: model.apis, host: host, method: method, path: path), true)
    }

    private static func remainder(of path: String, _ api: HTTPAPI, _ match: Match) -> String {
        if let prefix = api.forwardedPrefix { return prefix + text(path, from: match.basePathEnd) }
        return text(path, from: api.stripsBasePath ? match.basePathEnd : 0)
    }

    private static func parameters(of key: RouteKey, _ match: Match, _ path: String) -> [Parameter] {
        guard case .path(_, let template) = key else { return [] }
        return zip(template.parameterNames, 0..<match.parameters.count).map { name, index in
            let range = match.parameters[index]
            return Parameter(name: name, value: text(path, from: range.lowerBound, to: range.upperBound))
        }
    }

    /// A part of a path, by its bytes.
    private static func text(_ path: String, from start: Int, to end: Int? = nil) -> String {
        let bytes = path.utf8.prefix(end ?? path.utf8.count).dropFirst(start)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func answer(of match: Match, to method: String) -> Answer? {
        switch match.outcome {
        case .route: nil
        case .methodNotAllowed(let allow) where method == "OPTIONS": Answer(status: 204, allow: "\(allow)")
        case .methodNotAllowed(let allow):
            Answer(status: 405, cause: "route.method-not-allowed", allow: "\(allow)")
        case .notFound: Answer(status: 404, cause: match.api == nil ? "route.no-api" : "route.not-found")
        case .refused(let fault): Answer(status: 400, cause: fault.rawValue)
        }
    }
}
