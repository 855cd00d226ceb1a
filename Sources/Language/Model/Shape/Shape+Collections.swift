extension Shape {
    /// A list. With `orOne`, a single element may stand for a list of one. `defaultText` is how its default, should a
    /// field give one, is written.
    static func list<Element>(
        of element: Shape<Element>,
        orOne: Bool = false,
        defaultText: JSON? = nil
    ) -> Shape where Value == [Located<Element>] {
        let list: JSON = ["type": "array", "items": element.schema]
        let expected = "a list (each: \(element.expected))"
        return Shape(
            orOne ? "\(element.expected), or a list of such" : expected,
            schema: orOne ? ["anyOf": [element.schema, list]] : list,
            written: { _ in defaultText }
        ) { node, faults in
            var nodes = [node]
            if case .sequence(let elements) = node.content {
                nodes = elements
            } else if !orOne {
                faults.mismatch(node, expected: expected)
                return nil
            }
            var values: [Located<Element>] = []
            values.reserveCapacity(nodes.count)
            for node in nodes {
                guard let value = element.read(node, &faults) else { continue }
                values.append(Located(value: value, location: node.location))
            }
            return values
        }
    }

    /// A mapping whose keys the user chooses, as `key` reads them.
    static func map<Key, Element>(
        of element: Shape<Element>,
        key: Shape<Key>
    ) -> Shape where Value == [Named<Key, Element>] {
        let expected = "a mapping (each key: \(key.expected))"
        let schema: JSON = [
            "type": "object", "propertyNames": key.schema, "additionalProperties": element.schema,
        ]
        return Shape(expected, schema: schema) { node, faults in
            guard case .mapping(let entries) = node.content else {
                faults.mismatch(node, expected: expected)
                return nil
            }
            var values: [Named<Key, Element>] = []
            values.reserveCapacity(entries.count)
            for entry in entries {
                let name = YAMLNode(content: .scalar(entry.key.text, isPlain: false), location: entry.key.location)
                let key = key.read(name, &faults)
                let value = element.read(entry.value, &faults)
                guard let key else { continue }
                values.append(Named(key: key, text: entry.key.text, location: entry.key.location, value: value))
            }
            return values
        }
    }
}

/// One entry of a mapping whose keys the user chooses.
struct Named<Key, Value> {
    var key: Key
    /// The key as it was written.
    var text: String
    var location: SourceLocation
    /// `nil` when it was faulty; the name counts all the same, so that what refers to it is not faulted as well.
    var value: Value?
}

extension Named: Sendable where Key: Sendable, Value: Sendable {}
