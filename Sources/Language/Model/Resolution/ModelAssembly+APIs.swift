/// APIs and their versions.
extension ModelAssembly {
    /// The API that is declared; as many values as it has versions.
    mutating func apis(from declaration: Named<String, APIDeclaration>) -> [HTTPAPI] {
        guard let api = declaration.value else { return [] }
        if let rule = api.access.rule { check(rule) }
        guard let common = routes(api.routes, or: api.document) else { return [] }
        guard !api.versions.isEmpty else {
            let made = self.api(declaration, api, routes: common)
            checkBackendTable(of: api, [made])
            return [made] + (sandbox(of: made, api, examples: [api.document]).map { [$0] } ?? [])
        }
        let faultsBefore = faults.count
        let apis = api.versions.flatMap { version -> [HTTPAPI] in
            guard let made = self.version(version, of: declaration, api, common: common) else { return [] }
            let documents = [version.value?.document, api.document]
            return [made] + (sandbox(of: made, api, examples: documents).map { [$0] } ?? [])
        }
        // What is wrong with a route of all versions is said once.
        var seen: Set<Fault> = []
        let own = faults[faultsBefore...].filter { seen.insert($0).inserted }
        faults.replaceSubrange(faultsBefore..., with: own)
        checkBackendTable(of: api, apis)
        return apis
    }

    private mutating func checkBackendTable(of api: APIDeclaration, _ made: [HTTPAPI]) {
        guard let table = api.hasBackendTable, table.value else { return }
        if !limits.hasRedis {
            let rule = "tables of backends are kept in a Redis server; name it with \"redis\""
            faults.add(rule, at: table.location)
        }
        let isDecidable = made.contains { !$0.isSandbox && $0.routes.contains(where: BackendRowRules.canDecide) }
        // Routes that are at fault are not among those that were made.
        guard !isDecidable, made.allSatisfy({ $0.routes.count >= api.routes.count }) else { return }
        let rule = """
            no route to a backend asks who calls, so that no row of a table would count; give the API "authorize"
            """
        faults.add(rule, at: table.location)
    }

    private mutating func version(
        _ version: Named<String, VersionDeclaration>,
        of declaration: Named<String, APIDeclaration>,
        _ api: APIDeclaration,
        common: [Named<RouteKey, RouteDeclaration>]
    ) -> HTTPAPI? {
        guard let value = version.value, let own = routes(value.routes, or: value.document) else { return nil }
        if let rule = value.rule { check(rule) }
        var api = api
        api.access.rule = value.rule ?? api.access.rule
        let replaced = Set(own.map { Conflicts.shape(of: $0.key) })
        let kept = common.filter { !replaced.contains(Conflicts.shape(of: $0.key)) }
        var made = self.api(declaration, api, routes: own + kept)
        made.access = declaration.value?.access.rule?.value
        made.basePath = api.basePath.appending(version.key)
        made.unversionedPath = api.defaultVersion?.value == version.key ? api.basePath : nil
        made.source = version.location
        made.version = APIVersion(
            name: version.key,
            isStripped: api.stripsVersion,
            deprecatedAt: value.deprecatedAt,
            sunsetAt: value.sunsetAt,
            link: value.link
        )
        return made
    }

    private mutating func api(
        _ declaration: Named<String, APIDeclaration>,
        _ api: APIDeclaration,
        routes: [Named<RouteKey, RouteDeclaration>]
    ) -> HTTPAPI {
        checkEnvironment(of: api.access.rule)
        var made = HTTPAPI(
            name: declaration.key,
            stage: api.stage,
            hosts: api.hosts.map(\.value),
            basePath: api.basePath,
            stripsBasePath: api.stripsBasePath,
            allowsEncodedSlash: api.allowsEncodedSlash,
            routes: routes.compactMap { route(from: $0, of: api.access) },
            throttle: limits.limits(from: api.throttle, in: .api),
            source: declaration.location
        )
        made.access = api.access.rule?.value
        made.hasBackendTable = api.hasBackendTable?.value ?? false
        return made
    }

    /// The routes that are written, or those of a document; `nil` when that can't be read.
    private mutating func routes(
        _ written: [Named<RouteKey, RouteDeclaration>],
        or document: Located<String>?
    ) -> [Named<RouteKey, RouteDeclaration>]? {
        var routes = written
        if let document {
            guard let root = loader.loadDocument(document.value, namedAt: document.location) else { return nil }
            var reader = OpenAPIReader(root: root)
            routes = reader.routes()
            reader.compare(with: authorizersByName)
            faults += reader.faults
        }
        Conflicts.findRoutes(routes, &faults)
        return routes
    }

    // MARK: Pins

    /// Looks up which versions customers get.
    mutating func pin(
        _ customers: inout [Customer],
        _ declarations: [Named<String, CustomerDeclaration>],
        to apis: [HTTPAPI]
    ) {
        var pins: [String: [VersionPin]] = [:]
        for declaration in declarations {
            for pin in declaration.value?.versions ?? [] {
                guard let version = pin.value, isPinnable(pin, version, apis) else { continue }
                pins[declaration.key, default: []].append(VersionPin(api: pin.key, version: version.value))
            }
        }
        guard !pins.isEmpty else { return }
        for index in customers.indices { customers[index].versions = pins[customers[index].id] ?? [] }
    }

    mutating func isPinnable(
        _ pin: Named<String, Located<String>>,
        _ version: Located<String>,
        _ apis: [HTTPAPI]
    ) -> Bool {
        let versions = apis.filter { $0.name == pin.key && $0.version != nil }
        guard !versions.isEmpty else {
            let names = Set(apis.filter { $0.version != nil }.map(\.name)).sorted()
            let suggestion = Spelling.closest(to: pin.key, among: names)
            faults.add("no API of this name has versions", at: pin.location, text: pin.key, suggestion: suggestion)
            return false
        }
        let names = versions.compactMap(\.version?.name)
        guard names.contains(version.value) else {
            let suggestion = Spelling.closest(to: version.value, among: names)
            let rule = "the API has no version of this name"
            faults.add(rule, at: version.location, text: version.value, suggestion: suggestion)
            return false
        }
        guard versions.contains(where: { $0.unversionedPath != nil }) else {
            let rule = "paths without a version lead nowhere in this API; \"default_version\" says where"
            faults.add(rule, at: pin.location, text: pin.key)
            return false
        }
        guard versions.allSatisfy({ $0.access != nil }) else {
            let rule = "nobody is asked who calls on paths without a version; give the API \"authorize\""
            faults.add(rule, at: pin.location, text: pin.key)
            return false
        }
        return true
    }
}
