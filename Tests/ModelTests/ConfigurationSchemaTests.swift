import Testing

@testable import Model

@Suite struct ConfigurationSchemaTests {
    @Test func `the published schema is what the parser reads`() throws {
        try Golden.expect(ConfigurationSchema.text, in: "../../docs/daemun.schema.json")
    }

    @Test func `the reference has every key that the parser reads`() throws {
        try Golden.expect(reference(ConfigurationSchema.json), between: "keys", in: "../../docs/configuration.md")
    }

    @Test func `the guide's first example is served`() throws {
        let guide = try FileSource.disk.read(Golden.tests + "/../../docs/configuration.md")
        let example = try #require(guide.split(separator: "```yaml\n").dropFirst().first?.split(separator: "```").first)
        let source = FileSource.texts(["gateway.yaml": String(example)])
        let model = try ConfigurationReader(environment: [:], source: source).read(["gateway.yaml"]).model.get()
        #expect(model.apis.first?.routes.count == 4)
    }
}

/// The schema as Markdown: a heading for each mapping, a row for each of its keys.
private func reference(_ schema: JSON) -> String {
    var text = ""
    var pending: [(path: String, schema: JSON)] = [("", schema)]
    while !pending.isEmpty {
        let (path, schema) = pending.removeFirst()
        let properties = schema["properties"]?.members ?? []
        var nested: [(path: String, schema: JSON)] = []
        text += path.isEmpty ? "### The file\n\n" : "### `\(path)`\n\n"
        text += "| key | value | default | meaning |\n|---|---|---|---|\n"
        for property in properties {
            let isRequired = schema["required"] == nil ? false : required(in: schema).contains(property.name)
            let standard = property.value["default"].map { "`\(plain($0))`" } ?? (isRequired ? "required" : "")
            let cells = [
                "`\(property.name)`", string(property.value["title"]), standard, string(property.value["description"]),
            ]
            text += "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
            nested += records(property.value, path: path.isEmpty ? property.name : path + "." + property.name)
        }
        text += "\n"
        pending.insert(contentsOf: nested, at: 0)
    }
    return text
}

/// The mappings with fixed keys that a key's value may be, in lists and in mappings with keys of the user's.
private func records(_ schema: JSON, path: String) -> [(path: String, schema: JSON)] {
    if schema["properties"] != nil { return [(path, schema)] }
    if case .array(let choices) = schema["anyOf"] {
        let found = choices.flatMap { records($0, path: path) }
        return found.first.map { [$0] } ?? []
    }
    if let items = schema["items"] { return records(items, path: path + "[]") }
    if let values = schema["additionalProperties"], !values.members.isEmpty {
        return records(values, path: path + ".*")
    }
    return []
}

private func required(in schema: JSON) -> [String] {
    guard case .array(let names) = schema["required"] else { return [] }
    return names.map { string($0) }
}

private func string(_ value: JSON?) -> String {
    guard case .string(let text) = value else { return "" }
    return text
}

private func plain(_ value: JSON) -> String {
    guard case .string(let text) = value else { return value.compactText }
    return text
}
