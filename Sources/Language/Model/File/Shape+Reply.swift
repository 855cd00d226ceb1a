extension Shape<MockIntegration> {
    /// `reply`.
    static var reply: Shape {
        Shape.record(
            "a mapping with status, headers and json or text",
            .optional("status", .integer(200...599, "a status"), default: 200, "The status."),
            .optional(
                "headers",
                .map(of: Shape<String>.text("a header's value").located, key: .text("a header's name")),
                default: [],
                "Header fields; {param} in a value is the route's parameter."
            ),
            .optional("json", .anything, "The body as JSON; {param} in its texts is the route's parameter."),
            .optional("text", .text, "The body as plain text, with {param}.")
        ) { status, headers, json, text in
            var fields = headers.compactMap { header in
                header.value.map { MockHeader(name: header.text, value: $0.value) }
            }
            let type = json != nil ? "application/json" : text != nil ? "text/plain; charset=utf-8" : nil
            if let type, !fields.contains(where: { $0.name.lowercased() == "content-type" }) {
                fields.insert(MockHeader(name: "content-type", value: type), at: 0)
            }
            return MockIntegration(
                status: status,
                headers: fields,
                body: json?.compactText ?? text ?? "",
                escaping: json == nil ? .plain : .json
            )
        }
        .checked { reply, node, faults in
            if node["json"] != nil, let text = node["text"] {
                faults.add("a reply has \"json\" or \"text\", not both", at: text.location)
            }
            // RFC 9110, 6.4.1: these have no content.
            if [204, 205, 304].contains(reply.status), let body = node["json"] ?? node["text"] {
                faults.add("an answer with status \(reply.status) has no body", at: body.location)
            }
            for entry in node["headers"]?.entries ?? [] {
                guard let text = entry.value.text else { continue }
                let value = Located(value: text, location: entry.value.location)
                HeaderField.check(name: entry.key, value: value, &faults)
            }
        }
    }
}

extension Shape<JSON> {
    /// Any value, as JSON.
    fileprivate static var anything: Shape {
        Shape("any value", schema: [:]) { node, _ in JSON(node) }
    }
}
