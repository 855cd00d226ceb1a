/// An API as it is written: where it is mounted, and its routes or the OpenAPI document that has them.
struct APIDeclaration {
    var hosts: [Located<HostPattern>]
    var basePath: BasePath
    var stage: String
    var stripsBasePath: Bool
    var allowsEncodedSlash: Bool
    var routes: [Named<RouteKey, RouteDeclaration>]
    var document: Located<String>?
    var access: AccessDeclaration
    var throttle: [Located<ThrottleDeclaration>]
    var versions: [Named<String, VersionDeclaration>] = []
    var defaultVersion: Located<String>?
    var stripsVersion = true
    var sandbox: Located<SandboxDeclaration>?
    var hasBackendTable: Located<Bool>?

    /// The places that it takes with its sandbox: hosts, and base paths there.
    var mounts: [(hosts: [Located<HostPattern>], basePaths: [BasePath])] {
        var mounts = [(hosts: hosts, basePaths: basePaths(below: basePath))]
        if let sandbox = sandbox?.value {
            let own = sandbox.hosts.isEmpty ? hosts : sandbox.hosts
            mounts.append((own, basePaths(below: sandbox.basePath ?? basePath)))
        }
        return mounts
    }

    private func basePaths(below path: BasePath) -> [BasePath] {
        if versions.isEmpty { return [path] }
        return versions.map { path.appending($0.key) } + (defaultVersion == nil ? [] : [path])
    }
}

extension Shape<APIDeclaration> {
    /// An element of `apis`.
    static var api: Shape {
        written
            .checked { _, node, faults in
                switch (node["routes"], node["openapi"]) {
                case (nil, nil) where node["versions"] == nil:
                    faults.add("an API has \"routes\" or \"openapi\"", at: node.location)
                case (_?, let document?):
                    faults.add("an API has \"routes\" or \"openapi\", not both", at: document.location)
                default: break
                }
                checkVersions(of: node, &faults)
            }
    }

    private static var written: Shape {
        let defaults = HTTPAPI(name: "", routes: [])
        return Shape.record(
            "an API",
            .optional(
                "host",
                Shape<[Located<HostPattern>]>.list(of: .hostPattern, orOne: true, defaultText: []),
                default: [],
                "The hosts that lead here, as api.test.com or *.test.com. Without one: all that no other API names."
            ),
            .optional(
                "path",
                .basePath,
                default: defaults.basePath,
                "Where the API is mounted, a URL version for one."
            ),
            .optional("stage", .stage, default: defaults.stage, "The stage's name in logs and metrics."),
            .optional(
                "strip_path",
                .flag,
                default: defaults.stripsBasePath,
                "Whether \"path\" is taken off before a request is forwarded."
            ),
            .optional(
                "encoded_slashes",
                Shape<Bool>.choice([("refuse", false), ("keep", true)]),
                default: defaults.allowsEncodedSlash,
                "Whether %2F within a segment is refused with 400 or passed on as data."
            ),
            .optional(
                "routes",
                Shape<[Named<RouteKey, RouteDeclaration>]>.map(of: .route, key: .routeKey),
                "The routes. Their order means nothing."
            ),
            .optional(
                "openapi",
                Shape<String>.text("a path").located,
                "An OpenAPI 3 document, relative to this file, that has the routes instead."
            ),
            .optional(
                "authorize",
                Shape<AccessRule?>.access.located,
                "Who may call: an authorizer, none, or a rule about several. A route's own replaces it."
            ),
            .optional(
                "claims_to_headers",
                Shape<[ClaimHeader]>.claimHeaders,
                "Headers that tell backends about the caller. What clients send under these names is taken off."
            ),
            .optional(
                "throttle",
                Shape<[Located<ThrottleDeclaration>]>.throttle,
                default: [],
                "How fast this API's calls may come. What the file and routes say about that counts besides."
            ),
            .optional(
                "versions",
                Shape<[Named<String, VersionDeclaration>]>.map(of: .version, key: .name),
                "Versions by the segment that follows \"path\" in URLs, as v1.0. The API's own routes are in each of them."
            ),
            .optional(
                "default_version",
                Shape<String>.name.located,
                "The version of paths that name none. Without it, they lead nowhere."
            ),
            .optional(
                "strip_version",
                .flag,
                default: true,
                "Whether the version's segment is taken off before a request is forwarded, or always there."
            ),
            .optional(
                "sandbox",
                Shape<SandboxDeclaration>.sandbox.located,
                "A twin of the API to try things out, with other credentials and backends, or with examples for answers."
            ),
            .optional(
                "backend_table",
                Shape<Bool>.flag.located,
                "Whether customers' backends are looked up in a live table, too. It is kept in \"redis\", for all gateways."
            )
        ) {
            hosts,
            path,
            stage,
            strips,
            keepsSlashes,
            routes,
            document,
            rule,
            claimHeaders,
            throttle,
            versions,
            defaultVersion,
            stripsVersion,
            sandbox,
            hasBackendTable in
            APIDeclaration(
                hosts: hosts,
                basePath: path,
                stage: stage,
                stripsBasePath: strips,
                allowsEncodedSlash: keepsSlashes,
                routes: routes ?? [],
                document: document,
                access: AccessDeclaration(rule: rule, claimHeaders: claimHeaders),
                throttle: throttle,
                versions: versions ?? [],
                defaultVersion: defaultVersion,
                stripsVersion: stripsVersion,
                sandbox: sandbox,
                hasBackendTable: hasBackendTable
            )
        }
    }

    private static func checkVersions(of node: YAMLNode, _ faults: inout [Fault]) {
        guard let versions = node["versions"] else {
            for entry in node.entries where ["default_version", "strip_version"].contains(entry.key.text) {
                faults.add("this goes with \"versions\" only", at: entry.key.location, text: entry.key.text)
            }
            return
        }
        let names = versions.entries.map(\.key.text)
        if names.isEmpty, case .mapping = versions.content {
            faults.add("there is at least one version", at: versions.location)
        }
        if let written = node["default_version"], let name = written.text, !names.contains(name) {
            let suggestion = Spelling.closest(to: name, among: names)
            faults.add("no version has this name", at: written.location, text: name, suggestion: suggestion)
        }
        guard node["routes"] == nil, node["openapi"] == nil else { return }
        for version in versions.entries where version.value["routes"] == nil && version.value["openapi"] == nil {
            let rule = "a version has \"routes\" or \"openapi\", unless its API has"
            faults.add(rule, at: version.key.location, text: version.key.text)
        }
    }
}

extension Shape<HostPattern> {
    static var hostPattern: Shape {
        .scalar("a host, as api.test.com or *.test.com") { (text) throws(Fault) in try HostPattern(text) }
    }
}

extension Shape<BasePath> {
    static var basePath: Shape {
        .scalar("a path without parameters", pattern: "^/[^{}]*$", written: { .string($0.description) }) {
            (text) throws(Fault) in
            try BasePath(text)
        }
    }
}

extension Shape<RouteKey> {
    /// The key of an element of `routes`.
    static var routeKey: Shape {
        let pattern = "^(\\$default|(ANY|\(RouteKey.methods.joined(separator: "|"))) +/.*)$"
        return .scalar("METHOD /path or $default", pattern: pattern) { (text) throws(Fault) in try RouteKey(text) }
    }
}
