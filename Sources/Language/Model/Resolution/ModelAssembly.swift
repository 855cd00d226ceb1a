/// Makes a model from what the file says: looks names up, reads OpenAPI documents, finds what conflicts.
struct ModelAssembly {
    var loader: DocumentLoader
    var faults: [Fault] = []
    var backends: [Backend] = []
    var backendNames: Set<String> = []
    var authorizerNames: Set<String> = []
    var limits = LimitResolution()
    var authorizersByName: [String: Authorizer] = [:]

    init(loader: DocumentLoader) {
        self.loader = loader
    }

    /// The model, which is to be used only when there are no faults.
    mutating func model(from file: ConfigurationFile) -> Model {
        for declaration in file.backends {
            backendNames.insert(declaration.key)
            guard let value = declaration.value else { continue }
            var backend = backend(from: value)
            backend.name = declaration.key
            backend.source = declaration.location
            backends.append(backend)
        }
        limits.hasRedis = file.redis != nil
        if file.apis.isEmpty {
            let place = SourceLocation(file: loader.files.first ?? "", line: 1, column: 1)
            faults.add("a configuration has at least one API, under \"apis\"", at: place)
        }
        let authorizers = authorizers(from: file.authorizers)
        for authorizer in authorizers { authorizersByName[authorizer.name] = authorizer }
        var customers = customers(from: file.customers)
        checkPlans(of: file)
        let plans = file.plans.compactMap { limits.plan(from: $0) }
        let apis = file.apis.flatMap { self.apis(from: $0) }
        pin(&customers, file.customers, to: apis)
        var sandboxCustomers = sandboxCustomers(from: file.customers)
        let pins = Dictionary(customers.map { ($0.id, $0.versions) }) { first, _ in first }
        for index in sandboxCustomers.indices {
            sandboxCustomers[index].versions = pins[sandboxCustomers[index].id] ?? []
        }
        Conflicts.findMounts(of: file.apis, &faults)
        let listeners = listeners(from: file.listeners)
        Conflicts.findUnprovable(authorizers, on: listeners, &faults)
        Conflicts.findSockets(of: file.listeners, admin: file.admin, &faults)
        var model = Model(
            listeners: listeners,
            apis: apis,
            backends: backends,
            authorizers: authorizers,
            customers: customers,
            plans: plans,
            redis: file.redis.map { redis(from: $0) },
            throttle: limits.limits(from: file.throttle, in: .service),
            dataFolder: file.data?.folder,
            accessLog: file.accessLog,
            admin: file.admin.map { admin(from: $0.value) },
            trustedProxies: file.trustedProxies.map(\.value),
            limits: file.limits,
            drainTimeout: file.drainTimeout
        )
        model.management = management(from: file)
        model.sandboxCustomers = sandboxCustomers
        model.sealingKeys = sealingKeys(from: file.data?.sealingKeys ?? [])
        model.sharesCustomers = sharesCustomers(file)
        model.opensQuotasOnFailure = opensQuotas(file)
        limits.checkCount(of: model)
        faults += limits.faults
        return model
    }

    private mutating func listeners(from declarations: [Located<ListenerDeclaration>]) -> [Listener] {
        if declarations.isEmpty { return [Listener(port: 8_080)] }
        var resolution = ListenerResolution(declarations: declarations.map(\.value), loader: loader)
        let listeners = declarations.map { resolution.listener(from: $0.value) }
        loader = resolution.loader
        faults += resolution.faults
        return listeners
    }

    private mutating func admin(from declaration: AdminDeclaration) -> Admin {
        var admin = declaration.listener
        if let token = declaration.token { admin.token = loader.loadSecret(token) }
        return admin
    }

    private mutating func management(from file: ConfigurationFile) -> Management? {
        guard let management = file.management else { return nil }
        if file.admin == nil {
            faults.add("the management APIs are on the admin listener; open it with \"admin\"", at: management.location)
        }
        return management.value
    }

    private mutating func sealingKeys(from references: [Located<SecretReference>]) -> [Secret] {
        var keys: [Secret] = []
        for reference in references {
            guard let key = sealingKey(from: reference) else { continue }
            if keys.contains(key) { faults.add("this sealing key stands here twice", at: reference.location) }
            keys.append(key)
        }
        return keys
    }

    private mutating func sealingKey(from reference: Located<SecretReference>) -> Secret? {
        guard let secret = loader.loadSecret(reference) else { return nil }
        let isKey = secret.withText { $0.count == 64 && $0.utf8.count == 64 && $0.allSatisfy(\.isHexDigit) }
        guard isKey else {
            faults.add("a sealing key has 64 hexadecimal digits: openssl rand -hex 32", at: reference.location)
            return nil
        }
        return secret
    }

    /// Whether calls pass whose quota can't be asked for.
    private mutating func opensQuotas(_ file: ConfigurationFile) -> Bool {
        guard let opens = file.opensQuotasOnFailure else { return false }
        if file.redis == nil {
            let rule = "quotas are counted in a folder here; name the server that may be away with \"redis\""
            faults.add(rule, at: opens.location)
        }
        return opens.value
    }

    private mutating func sharesCustomers(_ file: ConfigurationFile) -> Bool {
        guard let isShared = file.data?.isShared, isShared.value else { return false }
        if file.redis == nil {
            let rule = "customers are shared through a Redis server; name it with \"redis\""
            faults.add(rule, at: isShared.location)
        }
        return true
    }

    private mutating func redis(from declaration: RedisDeclaration) -> RedisServer {
        var server = declaration.server
        if let password = declaration.password { server.password = loader.loadSecret(password) }
        return server
    }

    private mutating func backend(from declaration: BackendDeclaration) -> Backend {
        var backend = declaration.backend
        guard let tls = declaration.tls else { return backend }
        backend.tls.authorities = tls.authorities.flatMap { loader.loadContent($0) }
        guard let certificate = tls.certificate, let key = tls.key else { return backend }
        let chain = loader.loadContent(certificate)
        if let chain, let key = loader.loadContent(key) {
            backend.tls.identity = Backend.TLS.Identity(
                chain: chain,
                key: Secret(String(decoding: key.bytes, as: UTF8.self)),
                keyName: NamedPlace(key.name, source: key.source)
            )
        }
        return backend
    }

    mutating func route(
        from declaration: Named<RouteKey, RouteDeclaration>,
        of api: AccessDeclaration
    ) -> Route? {
        guard let value = declaration.value else { return nil }
        let parameters = RouteParameters(of: declaration.key)
        let integration: Integration
        switch value.answer {
        case .forward(let forward):
            guard let proxy = proxy(forward, parameters) else { return nil }
            integration = .httpProxy(proxy)
        case .reply(let reply):
            parameters.check(reply.value, at: reply.location, &faults)
            integration = .mock(reply.value)
        }
        // What the API itself says is checked once, not for each of its routes.
        if let own = value.access.rule {
            check(own)
            checkEnvironment(of: own)
        }
        return Route(
            key: declaration.key,
            integration: integration,
            access: (value.access.rule ?? api.rule)?.value,
            claimHeaders: value.access.claimHeaders ?? api.claimHeaders ?? [],
            throttle: value.throttle.map { limits.limits(from: $0, in: .route) },
            source: declaration.location
        )
    }

    // MARK: Callers

    private mutating func authorizers(from declarations: [Named<String, AuthorizerDeclaration>]) -> [Authorizer] {
        var resolution = AuthorizerResolution(loader: loader)
        for declaration in declarations {
            authorizerNames.insert(declaration.key)
            if declaration.key == "none" {
                faults.add("\"none\" says that nobody is asked; choose another name", at: declaration.location)
            }
        }
        let authorizers = declarations.compactMap { resolution.authorizer(from: $0) }
        loader = resolution.loader
        faults += resolution.faults
        findTokensOfBoth(authorizers)
        return authorizers
    }

    private mutating func customers(from declarations: [Named<String, CustomerDeclaration>]) -> [Customer] {
        var resolution = AuthorizerResolution(loader: loader)
        var customers = declarations.compactMap { resolution.customer(from: $0) }
        loader = resolution.loader
        faults += resolution.faults
        replaceBackends(of: &customers, declarations)
        return customers
    }

    private mutating func checkPlans(of file: ConfigurationFile) {
        let names = Set(file.plans.map(\.key))
        for declaration in file.customers {
            for plan in [declaration.value?.plan, declaration.value?.sandbox?.plan] {
                guard let plan, !names.contains(plan.value) else { continue }
                let suggestion = Spelling.closest(to: plan.value, among: names.sorted())
                faults.add("no plan has this name", at: plan.location, text: plan.value, suggestion: suggestion)
            }
        }
    }

    mutating func check(_ rule: Located<AccessRule?>) {
        for name in rule.value?.names ?? [] where !authorizerNames.contains(name) {
            let suggestion = Spelling.closest(to: name, among: authorizerNames.sorted() + ["none"])
            faults.add("no authorizer has this name", at: rule.location, text: name, suggestion: suggestion)
        }
    }

    private mutating func proxy(
        _ forward: ForwardDeclaration,
        _ parameters: RouteParameters
    ) -> HTTPProxyIntegration? {
        var path = forward.path
        let name: String
        switch forward.target.value {
        case .backend(let backend):
            name = backend
            if !backendNames.contains(name) {
                // Thousands of faults have one cause, and comparing each with thousands of names would take seconds.
                let isOneOfMany = faults.count > 100
                let suggestion = isOneOfMany ? nil : Spelling.closest(to: name, among: backendNames.sorted())
                faults.add("no backend has this name", at: forward.target.location, text: name, suggestion: suggestion)
                return nil
            }
        case .url(let url, let written):
            name = backend(for: url)
            if let written {
                if let path { faults.add("\"to\" has a path already", at: path.location, text: "\(path.value)") }
                path = Located(value: written, location: forward.target.location)
            }
        }
        if let path { parameters.check(path.value, at: path.location, &faults) }
        return HTTPProxyIntegration(
            backend: name,
            target: path.map { .template($0.value) } ?? .remainder,
            method: forward.method,
            timeouts: forward.timeouts,
            host: forward.host,
            webSocket: forward.webSocket
        )
    }

    /// The backend that stands for a URL's origin, made when the first route names it. Its name has a colon, which no
    /// name in the file has.
    private mutating func backend(for url: BackendURL) -> String {
        let name = url.origin
        if backendNames.insert(name).inserted {
            let target = Backend.Target(scheme: url.scheme, host: url.host, port: url.port)
            backends.append(Backend(name: name, targets: [target]))
        }
        return name
    }
}
