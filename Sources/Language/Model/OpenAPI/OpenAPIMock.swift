/// Reads a `mock` integration whose outcome does not depend on the request: one status, constant headers and body.
struct OpenAPIMock {
    private(set) var faults: [Fault] = []
    private let node: YAMLNode

    init(node: YAMLNode) {
        self.node = node
    }

    /// The answer; on `nil` at least one fault has been added.
    mutating func reply() -> MockIntegration? {
        guard let selected = selectedStatus(), let response = response(for: selected) else { return nil }
        for entry in response.entries
        where !["statusCode", "responseParameters", "responseTemplates"].contains(entry.key.text) {
            faults.add("this is not served yet", at: entry.key.location, text: entry.key.text)
        }
        guard let written = response["statusCode"] else {
            faults.add("a mock's response has a statusCode", at: response.location)
            return nil
        }
        guard let status = Shape<Int>.integer(200...599, "a status").read(written, &faults) else { return nil }
        var headers = headers(response["responseParameters"])
        let content = content(response["responseTemplates"])
        if let content, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            headers.insert(MockHeader(name: "content-type", value: content.type), at: 0)
        }
        return MockIntegration(status: status, headers: headers, body: content?.body ?? "")
    }

    /// The status that the request template yields, by which AWS chooses the response.
    private mutating func selectedStatus() -> String? {
        let type = "application/json"
        guard let templates = node["requestTemplates"], let template = templates[type], let text = template.text else {
            faults.add("a mock has a requestTemplates of \(type), as {\"statusCode\": 200}", at: node.location)
            return nil
        }
        for entry in templates.entries where entry.key.text != type {
            faults.add(
                "request templates of other types are not served yet",
                at: entry.key.location,
                text: entry.key.text
            )
        }
        guard !text.contains("#"), !text.contains("$") else {
            faults.add("mapping templates are not served yet", at: template.location, text: text)
            return nil
        }
        var ignored: [Fault] = []
        let object = (try? YAMLNode.parse(text, file: "", &ignored)) ?? nil
        guard let object, object.entries.count == 1, let status = object["statusCode"]?.text, Int(status) != nil else {
            faults.add("expected a constant, as {\"statusCode\": 200}", at: template.location, text: text)
            return nil
        }
        return status
    }

    /// The response for a status: the one that names it, else the default. Keys are patterns at AWS; only plain
    /// statuses are served.
    private mutating func response(for status: String) -> YAMLNode? {
        guard let responses = node["responses"] else {
            faults.add("a mock has responses", at: node.location)
            return nil
        }
        for entry in responses.entries where entry.key.text != "default" && Int(entry.key.text) == nil {
            faults.add("selection patterns are not served yet", at: entry.key.location, text: entry.key.text)
        }
        guard let response = responses[status] ?? responses["default"] else {
            faults.add("no response for the template's status", at: responses.location, text: status)
            return nil
        }
        return response
    }

    private mutating func headers(_ parameters: YAMLNode?) -> [MockHeader] {
        var headers: [MockHeader] = []
        for entry in parameters?.entries ?? [] {
            let prefix = "method.response.header."
            let text = entry.value.text ?? ""
            let isConstant = text.utf8.count >= 2 && text.hasPrefix("'") && text.hasSuffix("'")
            guard entry.key.text.hasPrefix(prefix), isConstant else {
                let mapping = "\(entry.key.text): \(text)"
                faults.add("only constant headers are served yet", at: entry.key.location, text: mapping)
                continue
            }
            let name = String(entry.key.text.dropFirst(prefix.count))
            let value = Located(value: String(text.dropFirst().dropLast()), location: entry.value.location)
            HeaderField.check(name: YAMLNode.Key(text: name, location: entry.key.location), value: value, &faults)
            checkConstant(value)
            headers.append(MockHeader(name: name, value: value.value))
        }
        return headers
    }

    private mutating func content(_ templates: YAMLNode?) -> (type: String, body: String)? {
        guard let templates, let first = templates.entries.first else { return nil }
        for entry in templates.entries.dropFirst() {
            faults.add(
                "choosing among response templates is not served yet",
                at: entry.key.location,
                text: entry.key.text
            )
        }
        let body = Located(value: first.value.text ?? "", location: first.value.location)
        if body.value.contains("#") || body.value.contains("$") {
            faults.add("mapping templates are not served yet", at: body.location, text: body.value)
        } else {
            checkConstant(body)
        }
        return (first.key.text, body.value)
    }

    /// At AWS braces are text; in a `MockIntegration` a name in braces is a parameter.
    private mutating func checkConstant(_ text: Located<String>) {
        for name in RouteParameters.references(in: text.value) {
            faults.add("a name in braces is not served as text yet", at: text.location, text: "{\(name)}")
        }
    }
}
