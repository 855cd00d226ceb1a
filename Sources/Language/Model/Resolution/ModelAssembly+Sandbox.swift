/// Sandboxes: twins of APIs to which no other credentials lead, and which lead to no other backends.
extension ModelAssembly {
    /// The customers who may call sandboxes.
    mutating func sandboxCustomers(from declarations: [Named<String, CustomerDeclaration>]) -> [Customer] {
        var resolution = AuthorizerResolution(loader: loader)
        let customers = declarations.compactMap { resolution.sandboxCustomer(from: $0) }
        loader = resolution.loader
        faults += resolution.faults
        return customers
    }

    /// The sandbox of an API, or of one of its versions.
    /// - Parameter documents: where the examples are, the first that has a route's counting.
    mutating func sandbox(
        of api: HTTPAPI,
        _ declaration: APIDeclaration,
        examples documents: [Located<String>?]
    ) -> HTTPAPI? {
        guard let sandbox = declaration.sandbox else { return nil }
        var twin = api
        twin.isSandbox = true
        // What customers have instead is theirs for real.
        twin.hasBackendTable = false
        twin.stage = "sandbox"
        twin.source = sandbox.location
        if !sandbox.value.hosts.isEmpty { twin.hosts = sandbox.value.hosts.map(\.value) }
        if let path = sandbox.value.basePath {
            twin.basePath = api.version.map { path.appending($0.name) } ?? path
            if api.unversionedPath != nil { twin.unversionedPath = path }
        }
        let authorizers = authorizers(of: sandbox)
        twin.access = api.access.map { $0.replacing(authorizers) }
        let examples = sandbox.value.answersWithExamples ? self.examples(of: documents, sandbox) : nil
        let originals = Dictionary(backends.map { ($0.name, $0) }) { first, _ in first }
        twin.routes = api.routes.compactMap { route in
            self.route(route, in: sandbox, authorizers, examples, originals)
        }
        return twin
    }

    private mutating func route(
        _ route: Route,
        in sandbox: Located<SandboxDeclaration>,
        _ authorizers: [String: String],
        _ examples: [RouteKey: MockIntegration]?,
        _ originals: [String: Backend]
    ) -> Route? {
        var route = route
        route.access = route.access?.replacing(authorizers)
        for name in route.access?.names ?? [] where isForSandboxes(name) == false {
            let rule =
                "this authorizer knows nobody in sandboxes; \"authorizers\" says what takes its place in the sandbox"
            addOnce(Fault(rule, at: sandbox.location, text: name))
        }
        guard case .httpProxy(var proxy) = route.integration else { return route }
        if let examples {
            guard let example = examples[route.key] else {
                addOnce(Fault("the sandbox has no example to answer with", at: route.source, text: "\(route.key)"))
                return nil
            }
            route.integration = .mock(example)
            route.claimHeaders = []
            return route
        }
        let own = sandbox.value.backends.first { $0.key == proxy.backend }
        guard let target = own?.value ?? (own == nil ? sandbox.value.target : nil) else {
            // Nothing is said that would be safe to take for meant.
            if own == nil {
                let rule = "the sandbox has nothing in the place of this backend; \"backends\" or \"to\" says what"
                addOnce(Fault(rule, at: sandbox.location, text: proxy.backend))
            }
            return nil
        }
        let place = own?.location ?? target.location
        let written = Named(key: proxy.backend, text: proxy.backend, location: place, value: target)
        guard let replacement = replacement(written, among: originals) else { return nil }
        proxy.backend = replacement.replacement
        route.integration = .httpProxy(proxy)
        return route
    }

    private mutating func authorizers(of sandbox: Located<SandboxDeclaration>) -> [String: String] {
        var names: [String: String] = [:]
        for entry in sandbox.value.authorizers {
            guard let other = entry.value else { continue }
            for (name, place) in [(entry.key, entry.location), (other.value, other.location)]
            where !authorizerNames.contains(name) {
                let suggestion = Spelling.closest(to: name, among: authorizerNames.sorted())
                addOnce(Fault("no authorizer has this name", at: place, text: name, suggestion: suggestion))
            }
            names[entry.key] = other.value
        }
        return names
    }

    private mutating func examples(
        of documents: [Located<String>?],
        _ sandbox: Located<SandboxDeclaration>
    ) -> [RouteKey: MockIntegration] {
        let documents = documents.compactMap(\.self)
        if documents.isEmpty {
            addOnce(Fault("examples come from an OpenAPI document; the API has none", at: sandbox.location))
        }
        var all: [RouteKey: MockIntegration] = [:]
        for document in documents {
            guard let root = loader.loadDocument(document.value, namedAt: document.location) else { continue }
            all.merge(OpenAPIExamples(root: root).replies()) { first, _ in first }
        }
        return all
    }

    private mutating func addOnce(_ fault: Fault) {
        if !faults.contains(fault) { faults.append(fault) }
    }

    // MARK: Which credentials are for what

    /// Whether an authorizer knows callers of sandboxes, and no others; `nil` for one that knows both.
    private func isForSandboxes(_ name: String) -> Bool? {
        authorizersByName[name].flatMap { $0.isForOneSide ? $0.isSandbox : nil }
    }

    /// Adds a fault for each authorizer that knows only callers of sandboxes, and is asked elsewhere.
    mutating func checkEnvironment(of rule: Located<AccessRule?>?) {
        guard let rule else { return }
        for name in rule.value?.names ?? [] where isForSandboxes(name) == true {
            let sentence = "this authorizer is for sandboxes alone; \"authorizers\" of a sandbox may name it"
            addOnce(Fault(sentence, at: rule.location, text: name))
        }
    }

    /// Adds a fault where a token could be good for sandboxes and for the rest.
    mutating func findTokensOfBoth(_ authorizers: [Authorizer]) {
        for sandbox in authorizers where sandbox.isSandbox {
            guard case .token(let rules) = sandbox.kind else { continue }
            for other in authorizers where !other.isSandbox {
                guard case .token(let others) = other.kind, rules.mayTakeTokens(of: others) else { continue }
                let rule =
                    "a token could be taken here and by \"\(other.name)\"; another issuer, audience or claim tells them apart"
                faults.append(Fault(rule, at: sandbox.source, text: sandbox.name))
            }
        }
    }
}

extension Authorizer {
    /// Whether all whom it knows are callers of sandboxes, or none is. Keys and passwords are each for one or the other, and an address
    /// is nobody's; whatever else there is has to say so itself.
    var isForOneSide: Bool {
        switch kind {
        case .apiKey, .basic, .address: false
        default: true
        }
    }
}

extension AccessRule {
    /// The same rule with other authorizers in the place of some.
    func replacing(_ names: [String: String]) -> AccessRule {
        switch self {
        case .authorizer(let name, let scopes): .authorizer(names[name] ?? name, scopes: scopes)
        case .anyOf(let rules): .anyOf(rules.map { $0.replacing(names) })
        case .allOf(let rules): .allOf(rules.map { $0.replacing(names) })
        }
    }
}

extension TokenAuthorization {
    /// Whether nothing that is asked for rules out that one token does for both.
    func mayTakeTokens(of other: TokenAuthorization) -> Bool {
        guard !Set(issuers).isDisjoint(with: other.issuers) else { return false }
        if let audiences, let theirs = other.audiences, Set(audiences).isDisjoint(with: theirs) { return false }
        if !types.isEmpty, !other.types.isEmpty, Set(types).isDisjoint(with: other.types) { return false }
        return !claims.contains { claim in
            other.claims.contains { theirs in
                theirs.name == claim.name && !theirs.values.isEmpty && !claim.values.isEmpty
                    && Set(theirs.values).isDisjoint(with: claim.values)
            }
        }
    }
}
