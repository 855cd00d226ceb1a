/// Reads the routes of an OpenAPI 3 document with Amazon's `x-amazon-apigateway-integration`.
///
/// What only documents an API is passed over. What would change its behaviour and is not served yet is a fault: an
/// API that is protected, validated or mapped in its document is never served without that.
struct OpenAPIReader {
    private(set) var faults: [Fault] = []
    private let root: YAMLNode
    private var security: OpenAPISecurity

    init(root: YAMLNode) {
        self.root = root
        security = OpenAPISecurity(root: root)
    }

    /// Finds where the document and the authorizers of the configuration file differ.
    mutating func compare(with authorizers: [String: Authorizer]) {
        security.compare(with: authorizers)
        faults += security.faults
    }

    /// The routes, in the order of the document.
    mutating func routes() -> [Named<RouteKey, RouteDeclaration>] {
        checkVersion()
        for entry in root.entries where !Self.harmlessAtRoot.contains(entry.key.text) { refuse(entry) }
        guard let paths = root["paths"], case .mapping(let entries) = paths.content else {
            faults.add("an OpenAPI document has \"paths\" with at least one operation", at: root.location)
            return []
        }
        var routes: [Named<RouteKey, RouteDeclaration>] = []
        for path in entries {
            guard !path.key.text.hasPrefix("x-") else {
                refuse(path)
                continue
            }
            guard case .mapping(let operations) = path.value.content else {
                faults.mismatch(path.value, expected: "a mapping of methods")
                continue
            }
            for operation in operations {
                if let route = route(operation, path: path.key) { routes.append(route) }
            }
        }
        return routes
    }

    private mutating func checkVersion() {
        if let version = root["openapi"] {
            guard let text = version.text,
                text.hasPrefix("3.0.") || text.hasPrefix("3.1.") || text == "3.0" || text == "3.1"
            else {
                faults.add("OpenAPI 3.0 and 3.1 are read", at: version.location, text: version.text)
                return
            }
        } else if let version = root["swagger"] {
            faults.add(
                "OpenAPI 3.0 and 3.1 are read; convert this document first",
                at: version.location,
                text: "swagger"
            )
        } else {
            faults.add("an OpenAPI document says \"openapi: 3.0.1\" or the like", at: root.location)
        }
    }

    private mutating func route(
        _ entry: YAMLNode.Entry,
        path: YAMLNode.Key
    ) -> Named<RouteKey, RouteDeclaration>? {
        let method: String
        switch entry.key.text {
        case "get", "put", "post", "delete", "options", "head", "patch": method = entry.key.text.uppercased()
        case "x-amazon-apigateway-any-method": method = "ANY"
        case "trace", "$ref":
            faults.add("this is not served yet", at: entry.key.location, text: entry.key.text)
            return nil
        case "summary", "description", "servers", "parameters": return nil
        case let name where name.hasPrefix("x-"):
            refuse(entry)
            return nil
        case let name:
            let suggestion = Spelling.closest(to: name, among: RouteKey.methods.map { $0.lowercased() })
            faults.add("expected a method", at: entry.key.location, text: name, suggestion: suggestion)
            return nil
        }
        guard case .mapping(let members) = entry.value.content else {
            faults.mismatch(entry.value, expected: "an operation")
            return nil
        }
        for member in members where !Self.readInOperation.contains(member.key.text) { refuse(member) }
        guard let key = routeKey(method: method, path: path, operation: entry) else { return nil }
        guard let written = entry.value["x-amazon-apigateway-integration"] else {
            let rule = "an operation has an x-amazon-apigateway-integration"
            faults.add(rule, at: entry.key.location, text: "\(entry.key.text) \(path.text)")
            return nil
        }
        guard let integration = dereferenced(written) else { return nil }
        var reader = OpenAPIIntegration(node: integration, method: method)
        var declaration = reader.declaration()
        faults += reader.faults
        if let rule = security.rule(of: entry.value) { declaration?.access.rule = rule }
        return Named(key: key, text: "\(key)", location: entry.key.location, value: declaration)
    }

    private mutating func routeKey(method: String, path: YAMLNode.Key, operation: YAMLNode.Entry) -> RouteKey? {
        let marker = operation.value["isDefaultRoute"]
        let isDefault = marker?.text == "true"
        if let marker, method != "ANY" || !isDefault && marker.text != "false" {
            let rule = "isDefaultRoute is true or false, and stands in x-amazon-apigateway-any-method only"
            faults.add(rule, at: marker.location, text: marker.text)
            return nil
        }
        guard !isDefault else { return .default }
        do {
            return try RouteKey("\(method) \(path.text)")
        } catch {
            faults.add(error, at: path.location)
            return nil
        }
    }

    /// Follows a reference to the named integrations of an HTTP API's document.
    private mutating func dereferenced(_ node: YAMLNode) -> YAMLNode? {
        guard let reference = node["$ref"] else { return node }
        let prefix = "#/components/x-amazon-apigateway-integrations/"
        guard let text = reference.text, text.hasPrefix(prefix) else {
            faults.add("expected a reference as \(prefix)NAME", at: reference.location, text: reference.text)
            return nil
        }
        let name = String(text.dropFirst(prefix.count))
        let integrations = root["components"]?["x-amazon-apigateway-integrations"]
        guard let found = integrations?[name] else {
            let names = integrations?.entries.map(\.key.text) ?? []
            let suggestion = Spelling.closest(to: name, among: names).map { prefix + $0 }
            faults.add("no integration has this name", at: reference.location, text: name, suggestion: suggestion)
            return nil
        }
        return found
    }

    /// Adds a fault for what would change behaviour: Amazon's extensions. The rest documents.
    private mutating func refuse(_ entry: YAMLNode.Entry) {
        let name = entry.key.text
        if name.hasPrefix("x-amazon-") || name == "isDefaultRoute" {
            faults.add("this extension is not served yet", at: entry.key.location, text: name)
        }
    }

    /// Amazon's extensions that say nothing about how requests are served.
    private static let harmlessAtRoot: Set = [
        "x-amazon-apigateway-importexport-version", "x-amazon-apigateway-documentation",
    ]

    private static let readInOperation: Set = ["x-amazon-apigateway-integration", "isDefaultRoute"]
}
