/// One key of a record: its name, shape, default and documentation.
struct Field<Value> {
    let name: String
    let isRequired: Bool
    /// The schema of the key's value, with documentation and default.
    let schema: JSON
    /// Takes the value from a record's entries. On `nil` at least one fault has been added.
    let read: (YAMLNode, inout [Fault]) -> Value?

    /// A key that must be there.
    static func required(_ name: String, _ shape: Shape<Value>, _ documentation: String) -> Field {
        Field(name: name, isRequired: true, schema: shape.described(documentation)) { record, faults in
            guard let node = record[name] else {
                faults.add("\"\(name)\" is missing here: \(shape.expected)", at: record.location)
                return nil
            }
            return shape.read(node, &faults)
        }
    }

    /// A key with a default. A faulty value counts as absent once its fault is noted, so that reading goes on.
    static func optional(
        _ name: String,
        _ shape: Shape<Value>,
        default value: Value,
        _ documentation: String
    ) -> Field {
        let schema = shape.described(documentation, default: shape.written(value))
        return Field(name: name, isRequired: false, schema: schema) { record, faults in
            guard let node = record[name] else { return value }
            return shape.read(node, &faults) ?? value
        }
    }

    /// A key that may be absent.
    static func optional<Wrapped>(
        _ name: String,
        _ shape: Shape<Wrapped>,
        _ documentation: String
    ) -> Field where Value == Wrapped? {
        Field(name: name, isRequired: false, schema: shape.described(documentation)) { record, faults in
            .some(record[name].flatMap { shape.read($0, &faults) })
        }
    }
}

extension Shape {
    /// The schema with a title (what is expected), documentation and a default.
    fileprivate func described(_ documentation: String, default value: JSON? = nil) -> JSON {
        var members = [
            JSON.Member(name: "title", value: .string(expected)),
            JSON.Member(name: "description", value: .string(documentation)),
        ]
        if let value { members.append(JSON.Member(name: "default", value: value)) }
        return .object(members + schema.members)
    }

    /// A mapping with the given keys and no others.
    static func record<each Part>(
        _ expected: String,
        _ fields: repeat Field<each Part>,
        build: @escaping (repeat each Part) -> Value
    ) -> Shape {
        var names: [String] = []
        var required: [JSON] = []
        var properties: [JSON.Member] = []
        for field in repeat each fields {
            names.append(field.name)
            properties.append(JSON.Member(name: field.name, value: field.schema))
            if field.isRequired { required.append(.string(field.name)) }
        }
        var schema: [JSON.Member] = [
            JSON.Member(name: "type", value: "object"),
            JSON.Member(name: "properties", value: .object(properties)),
            JSON.Member(name: "additionalProperties", value: false),
        ]
        if !required.isEmpty { schema.append(JSON.Member(name: "required", value: .array(required))) }
        return Shape(expected, schema: .object(schema)) { node, faults in
            guard case .mapping(let entries) = node.content else {
                faults.mismatch(node, expected: expected)
                return nil
            }
            for entry in entries where !names.contains(entry.key.text) {
                let suggestion = Spelling.closest(to: entry.key.text, among: names)
                let known = suggestion == nil ? "; known here: \(names.joined(separator: ", "))" : ""
                faults.add("unknown key\(known)", at: entry.key.location, text: entry.key.text, suggestion: suggestion)
            }
            // Every field is read before the first missing one ends the record, so that all faults are found.
            let parts = (repeat (each fields).read(node, &faults))
            do {
                return build(repeat try present(each parts))
            } catch {
                return nil
            }
        }
    }
}

/// A required part of a record could not be read; its fault is noted.
private struct PartMissing: Error {}

private func present<Part>(_ part: Part?) throws(PartMissing) -> Part {
    guard let part else { throw PartMissing() }
    return part
}
