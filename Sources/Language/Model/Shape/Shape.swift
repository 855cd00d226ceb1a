/// How one value is written in the configuration file: said once, and used both to read it and to describe it.
///
/// A shape reads a node to a value or to faults; its JSON Schema is what editors check the file with. A record's fields
/// (see `Field`) carry the names, defaults and documentation, so that neither the schema nor the reference in
/// `docs/configuration.md` can fall behind the parser.
struct Shape<Value> {
    /// What a fault says was expected: "a port".
    let expected: String
    /// The JSON Schema (draft 2020-12) of the value.
    let schema: JSON
    /// The value as it would be written in the file, for defaults; `nil` where no default can be.
    let written: (Value) -> JSON?
    /// Reads a node. On `nil` at least one fault has been added.
    let read: (YAMLNode, inout [Fault]) -> Value?

    init(
        _ expected: String,
        schema: JSON,
        written: @escaping (Value) -> JSON? = { _ in nil },
        read: @escaping (YAMLNode, inout [Fault]) -> Value?
    ) {
        self.expected = expected
        self.schema = schema
        self.written = written
        self.read = read
    }
}

/// A value with the place where it was written.
struct Located<Value> {
    var value: Value
    var location: SourceLocation
}

extension Located: Sendable where Value: Sendable {}

extension Shape {
    /// The same with its place.
    var located: Shape<Located<Value>> {
        Shape<Located<Value>>(expected, schema: schema, written: { written($0.value) }) { node, faults in
            read(node, &faults).map { Located(value: $0, location: node.location) }
        }
    }

    /// The same text or structure with another meaning. `written` is needed where a field has a default.
    func map<Other>(
        written: @escaping (Other) -> JSON? = { _ in nil },
        _ transform: @escaping (Value) -> Other
    ) -> Shape<Other> {
        Shape<Other>(expected, schema: schema, written: written) { node, faults in
            read(node, &faults).map(transform)
        }
    }

    /// The same with a further check, which may add faults. It sees the node, too, to know what was written and where.
    func checked(_ check: @escaping (Value, YAMLNode, inout [Fault]) -> Void) -> Shape {
        Shape(expected, schema: schema, written: written) { node, faults in
            guard let value = read(node, &faults) else { return nil }
            check(value, node, &faults)
            return value
        }
    }

    /// The same for a value that is only missing where faults say why.
    func unwrapped<Wrapped>() -> Shape<Wrapped> where Value == Wrapped? {
        Shape<Wrapped>(expected, schema: schema) { node, faults in read(node, &faults) ?? nil }
    }

    /// One of several ways to write a value, told apart by their structure.
    static func either(scalar: Shape? = nil, sequence: Shape? = nil, mapping: Shape? = nil) -> Shape {
        let shapes = [scalar, sequence, mapping].compactMap(\.self)
        let expected = shapes.map(\.expected).joined(separator: ", or ")
        let schema: JSON = ["anyOf": .array(shapes.map(\.schema))]
        return Shape(
            expected,
            schema: schema,
            written: { value in
                shapes.lazy.compactMap { $0.written(value) }.first
            }
        ) { node, faults in
            let shape: Shape? =
                switch node.content {
                case .scalar: node.isNull ? nil : scalar
                case .sequence: sequence
                case .mapping: mapping
                case .faulty: nil
                }
            guard let shape else {
                faults.mismatch(node, expected: expected)
                return nil
            }
            return shape.read(node, &faults)
        }
    }
}

extension [Fault] {
    /// Adds the fault that a node is not what it should be, unless it has one already.
    mutating func mismatch(_ node: YAMLNode, expected: String) {
        if case .faulty = node.content { return }
        add("expected \(expected), found \(node.kind)", at: node.location, text: node.text)
    }
}
