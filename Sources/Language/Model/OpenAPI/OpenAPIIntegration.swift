/// Reads one `x-amazon-apigateway-integration` of type `http_proxy` or `mock`.
struct OpenAPIIntegration {
    private(set) var faults: [Fault] = []
    private let node: YAMLNode
    /// The operation's method, or `ANY`.
    private let method: String

    init(node: YAMLNode, method: String) {
        self.node = node
        self.method = method
    }

    /// What the route answers with; on `nil` at least one fault has been added.
    mutating func declaration() -> RouteDeclaration? {
        guard case .mapping = node.content else {
            faults.mismatch(node, expected: "an integration")
            return nil
        }
        switch node["type"]?.text?.lowercased() {
        case "http_proxy": return proxy()
        case "mock": return mock()
        case nil: faults.add("an integration has a type", at: node.location)
        case let type:
            faults.add("this type is not served yet", at: node["type"]?.location ?? node.location, text: type)
        }
        return nil
    }

    private mutating func proxy() -> RouteDeclaration? {
        for entry in node.entries {
            switch entry.key.text {
            case "type", "uri", "httpMethod", "timeoutInMillis", "requestParameters": break
            // A proxy passes bodies and answers on as they are, whatever these say.
            case "passthroughBehavior": break
            case "responses": checkProxyResponses(entry.value)
            case "payloadFormatVersion": expect(entry, "1.0")
            case "connectionType": expect(entry, "INTERNET")
            default: faults.add("this is not served yet", at: entry.key.location, text: entry.key.text)
            }
        }
        checkRequestParameters()
        let method = methodOverride()
        let timeouts = timeouts() ?? Timeouts()
        guard let uri = node["uri"], let text = uri.text else {
            faults.add("an http_proxy integration has a uri", at: node.location)
            return nil
        }
        guard !text.contains("${") else {
            faults.add("stage variables are not served yet", at: uri.location, text: text)
            return nil
        }
        do throws(Fault) {
            let target = Located(value: try TargetReference(text), location: uri.location)
            guard case .url = target.value else {
                throw Fault("expected a URL, as http://host:port/path", text: text)
            }
            return .forward(ForwardDeclaration(target: target, method: method, timeouts: timeouts))
        } catch {
            faults.add(error, at: uri.location)
            return nil
        }
    }

    private mutating func mock() -> RouteDeclaration? {
        for entry in node.entries {
            switch entry.key.text {
            case "type", "requestTemplates", "responses", "timeoutInMillis": break
            case "passthroughBehavior": expect(entry, "when_no_match")
            default: faults.add("this is not served yet", at: entry.key.location, text: entry.key.text)
            }
        }
        var mock = OpenAPIMock(node: node)
        let reply = mock.reply()
        faults += mock.faults
        return reply.map { .reply(Located(value: $0, location: node.location)) }
    }

    private mutating func expect(_ entry: YAMLNode.Entry, _ value: String) {
        guard entry.value.text?.lowercased() != value.lowercased() else { return }
        faults.add(
            "\(entry.key.text) other than \(value) is not served yet",
            at: entry.value.location,
            text: entry.value.text
        )
    }

    private mutating func checkProxyResponses(_ responses: YAMLNode) {
        for response in responses.entries {
            for entry in response.value.entries where entry.key.text != "statusCode" {
                if case .mapping(let members) = entry.value.content, members.isEmpty { continue }
                faults.add("a proxy does not map responses", at: entry.key.location, text: entry.key.text)
            }
        }
    }

    /// Path parameters reach the URI by their names; no other mapping is served.
    private mutating func checkRequestParameters() {
        for entry in node["requestParameters"]?.entries ?? [] {
            let prefix = "integration.request.path."
            let name = entry.key.text.hasPrefix(prefix) ? String(entry.key.text.dropFirst(prefix.count)) : nil
            guard let name, entry.value.text == "method.request.path.\(name)" else {
                let mapping = "\(entry.key.text): \(entry.value.text ?? "…")"
                faults.add("this parameter mapping is not served yet", at: entry.key.location, text: mapping)
                continue
            }
        }
    }

    private mutating func methodOverride() -> String? {
        guard let written = node["httpMethod"] else { return nil }
        guard let text = written.text, text == "ANY" || RouteKey.methods.contains(text) else {
            faults.add(
                "a method is one of ANY, \(RouteKey.methods.joined(separator: ", "))",
                at: written.location,
                text: written.text
            )
            return nil
        }
        return text == "ANY" || text == method ? nil : text
    }

    private mutating func timeouts() -> Timeouts? {
        guard let written = node["timeoutInMillis"] else { return nil }
        let shape = Shape<Int>.integer(50...30_000, "milliseconds")
        return shape.read(written, &faults).map { Timeouts(total: .milliseconds($0), firstByte: nil) }
    }
}
