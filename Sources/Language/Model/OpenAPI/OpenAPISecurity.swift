/// Reads who may call from an OpenAPI document: `security`, whose schemes are authorizers of the same names.
struct OpenAPISecurity {
    private(set) var faults: [Fault] = []
    /// The schemes that operations name, each once, with the first place.
    private(set) var used: [String: SourceLocation] = [:]
    private let root: YAMLNode
    /// What the document asks of all operations that ask for nothing themselves; read once, as its faults are told once.
    private var common: Located<AccessRule?>?

    init(root: YAMLNode) {
        self.root = root
        if let node = root["security"] { common = rule(from: node) }
    }

    /// What the document asks of an operation; `nil` when that is nothing. An empty list takes away what the document as a whole
    /// asks for, and never what the API in the configuration file does.
    mutating func rule(of operation: YAMLNode) -> Located<AccessRule?>? {
        guard let own = operation["security"] else { return common }
        return rule(from: own)
    }

    private mutating func rule(from node: YAMLNode) -> Located<AccessRule?>? {
        guard case .sequence(let alternatives) = node.content else {
            faults.mismatch(node, expected: "a list of security requirements")
            return nil
        }
        var rules: [AccessRule] = []
        for alternative in alternatives {
            guard case .mapping(let requirements) = alternative.content else {
                faults.mismatch(alternative, expected: "a mapping of security schemes")
                continue
            }
            guard !requirements.isEmpty else {
                faults.add("a requirement that anybody meets is not served", at: alternative.location)
                continue
            }
            let parts = requirements.compactMap { requirement($0) }
            if parts.count == requirements.count { rules.append(parts.count == 1 ? parts[0] : .allOf(parts)) }
        }
        guard !rules.isEmpty else { return nil }
        return Located<AccessRule?>(value: rules.count == 1 ? rules[0] : .anyOf(rules), location: node.location)
    }

    private mutating func requirement(_ entry: YAMLNode.Entry) -> AccessRule? {
        let name = entry.key.text
        guard let scheme = scheme(named: name) else {
            let known = root["components"]?["securitySchemes"]?.entries.map(\.key.text) ?? []
            let suggestion = Spelling.closest(to: name, among: known)
            faults.add("no security scheme has this name", at: entry.key.location, text: name, suggestion: suggestion)
            return nil
        }
        guard case .sequence(let elements) = entry.value.content else {
            faults.mismatch(entry.value, expected: "a list of scopes")
            return nil
        }
        let scopes = elements.compactMap(\.text)
        let hasScopes = ["oauth2", "openIdConnect"].contains(scheme["type"]?.text)
        if !scopes.isEmpty, !hasScopes {
            faults.add("only oauth2 and openIdConnect have scopes", at: entry.value.location, text: name)
        }
        if used[name] == nil { used[name] = entry.key.location }
        return .authorizer(name, scopes: scopes)
    }

    private func scheme(named name: String) -> YAMLNode? { root["components"]?["securitySchemes"]?[name] }

    /// Finds schemes whose authorizers look for something else than the document tells clients to bring.
    mutating func compare(with authorizers: [String: Authorizer]) {
        for (name, location) in used.sorted(by: { $0.key < $1.key }) {
            guard let scheme = scheme(named: name), let authorizer = authorizers[name] else { continue }
            if let rule = Self.mismatch(scheme, authorizer.kind) { faults.add(rule, at: location, text: name) }
        }
    }

    private static func mismatch(_ scheme: YAMLNode, _ kind: Authorizer.Kind) -> String? {
        let type = scheme["type"]?.text ?? ""
        let isFitting: Bool
        switch (type, kind) {
        case (_, .external): isFitting = true
        case ("apiKey", .apiKey(let place)): isFitting = place == self.place(of: scheme)
        case ("apiKey", .token(let rules)): isFitting = rules.place == place(of: scheme)
        case ("http", .basic): isFitting = scheme["scheme"]?.text?.lowercased() == "basic"
        case ("http", .token): isFitting = scheme["scheme"]?.text?.lowercased() == "bearer"
        case ("http", .signature): isFitting = scheme["scheme"]?.text?.lowercased() == "signature"
        case ("oauth2", .token), ("openIdConnect", .token), ("mutualTLS", .certificate): isFitting = true
        default: isFitting = false
        }
        if isFitting { return nil }
        let written = [type, scheme["scheme"]?.text, scheme["in"]?.text, scheme["name"]?.text].compactMap(\.self)
        let said = written.joined(separator: " ")
        return "the authorizer of this name does not look for what the document says (\(said))"
    }

    private static func place(of scheme: YAMLNode) -> CredentialPlace? {
        guard let name = scheme["name"]?.text else { return nil }
        switch scheme["in"]?.text {
        case "header": return .header(name.lowercased())
        case "query": return .query(name)
        default: return nil
        }
    }
}
