/// The answers that the examples of an OpenAPI 3 document make: for each operation the first answer of success that has one.
///
/// An example is looked for where documents have it, nearest first: `example` and `examples` of the media type, then of its schema, and
/// then it is put together from those of the schema's properties and items, their defaults and the first values of their enumerations.
struct OpenAPIExamples {
    private let root: YAMLNode
    /// Schemas may contain themselves.
    private static let deepest = 16

    init(root: YAMLNode) {
        self.root = root
    }

    /// By the route; operations without any example are left out. What is wrong with the document `OpenAPIReader` says.
    func replies() -> [RouteKey: MockIntegration] {
        var replies: [RouteKey: MockIntegration] = [:]
        for path in root["paths"]?.entries ?? [] {
            for operation in path.value.entries {
                guard let key = key(of: operation, path: path.key.text), let reply = reply(of: operation.value) else {
                    continue
                }
                replies[key] = reply
            }
        }
        return replies
    }

    private func key(of operation: YAMLNode.Entry, path: String) -> RouteKey? {
        if operation.value["isDefaultRoute"]?.text == "true" { return .default }
        let isAny = operation.key.text == "x-amazon-apigateway-any-method"
        return try? RouteKey("\(isAny ? "ANY" : operation.key.text.uppercased()) \(path)")
    }

    private func reply(of operation: YAMLNode) -> MockIntegration? {
        let successes = (operation["responses"]?.entries ?? [])
            .compactMap { entry -> (status: Int, node: YAMLNode)? in
                let text = entry.key.text.uppercased() == "2XX" ? "200" : entry.key.text
                guard let status = Int(text), (200...299).contains(status), let node = dereferenced(entry.value) else {
                    return nil
                }
                return (status, node)
            }
            .sorted { $0.status < $1.status }
        for success in successes {
            let headers = headers(of: success.node)
            guard let content = success.node["content"], !content.entries.isEmpty else {
                return MockIntegration(status: success.status, headers: headers, escaping: .never)
            }
            for media in content.entries {
                guard let example = example(of: media.value) else { continue }
                let isJSON = media.key.text.lowercased().contains("json")
                let body = if case .string(let text) = example, !isJSON { text } else { example.compactText }
                let type = MockHeader(name: "content-type", value: media.key.text)
                return MockIntegration(status: success.status, headers: [type] + headers, body: body, escaping: .never)
            }
        }
        return nil
    }

    private func headers(of response: YAMLNode) -> [MockHeader] {
        (response["headers"]?.entries ?? []).compactMap { entry in
            let name = entry.key.text
            guard HeaderField.isName(name), !HeaderField.reserved.contains(name.lowercased()),
                name.lowercased() != "content-type", let node = dereferenced(entry.value)
            else { return nil }
            let value: String
            switch example(of: node) {
            case .string(let text), .number(let text): value = text
            case .bool(let flag): value = flag ? "true" : "false"
            default: return nil
            }
            return HeaderField.isValue(value) ? MockHeader(name: name, value: value) : nil
        }
    }

    /// The example of a media type or header.
    private func example(of node: YAMLNode) -> JSON? {
        if let example = node["example"] { return JSON(example) }
        if let first = node["examples"]?.entries.first.flatMap({ dereferenced($0.value) }), let value = first["value"] {
            return JSON(value)
        }
        return node["schema"].flatMap { example(ofSchema: $0, depth: 0) }
    }

    private func example(ofSchema written: YAMLNode, depth: Int) -> JSON? {
        guard depth < Self.deepest, let schema = dereferenced(written) else { return nil }
        if let example = schema["example"] { return JSON(example) }
        if case .sequence(let examples)? = schema["examples"]?.content, let first = examples.first {
            return JSON(first)
        }
        if let value = schema["const"] ?? schema["default"] { return JSON(value) }
        if case .sequence(let values)? = schema["enum"]?.content, let first = values.first { return JSON(first) }
        if let items = schema["items"] {
            return example(ofSchema: items, depth: depth + 1).map { .array([$0]) }
        }
        var members: [JSON.Member] = []
        if case .sequence(let parts)? = schema["allOf"]?.content {
            for part in parts { members += example(ofSchema: part, depth: depth + 1)?.members ?? [] }
        }
        for property in schema["properties"]?.entries ?? [] {
            guard let value = example(ofSchema: property.value, depth: depth + 1) else { continue }
            members.append(JSON.Member(name: property.key.text, value: value))
        }
        if !members.isEmpty { return .object(members) }
        for name in ["oneOf", "anyOf"] {
            guard case .sequence(let parts)? = schema[name]?.content else { continue }
            for part in parts { if let example = example(ofSchema: part, depth: depth + 1) { return example } }
        }
        return nil
    }

    /// Follows references within the document, which may lead to others.
    private func dereferenced(_ node: YAMLNode) -> YAMLNode? {
        var node = node
        for _ in 0..<Self.deepest {
            guard let reference = node["$ref"]?.text else { return node }
            guard reference.hasPrefix("#/") else { return nil }
            var found: YAMLNode? = root
            for part in reference.dropFirst(2).split(separator: "/") {
                let name = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
                found = found?[name]
            }
            guard let found else { return nil }
            node = found
        }
        return nil
    }
}
