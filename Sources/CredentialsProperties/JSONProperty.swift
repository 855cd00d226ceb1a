import Credentials

/// - What RFC 8259 allows is taken, within the limits and with each name once; nothing else is.
/// - What was read has the same values.
/// - Names are found, whether they were written with escapes or not.
enum JSONProperty {
    /// Small, so that inputs reach them.
    static let limits = JSONLimits(bytes: 3_000, depth: 5, nodes: 60)

    static func check(_ input: [UInt8]) throws(Violation) {
        let expected = ReferenceJSON.read(input)
        let document: JSONDocument
        do throws(JSONFault) {
            document = try JSONDocument(input, limits: limits)
        } catch {
            let isTooMuch = [.tooLong, .tooDeep, .tooManyValues].contains(error)
            try hold(expected == nil || isTooMuch, "\(input.quoted) is refused: \(error)")
            if let expected, isTooMuch {
                let isWithin =
                    input.count <= limits.bytes && expected.count <= limits.nodes && expected.depth <= limits.depth
                try hold(!isWithin, "\(input.quoted) is within the limits, but \(error)")
            }
            return
        }
        guard let expected else { throw Violation(description: "\(input.quoted) is taken") }
        try hold(
            expected.count <= limits.nodes && expected.depth <= limits.depth && input.count <= limits.bytes,
            "\(input.quoted) is over the limits"
        )
        let read = value(document.root)
        try hold(read == expected.value, "\(input.quoted) is read as \(read), not \(expected.value)")
        try checkNames(document.root, input)
    }

    private static func value(_ value: JSONValue) -> ReferenceJSON.Value {
        if value.isObject { return .object(value.members.map { ($0.name, Self.value($0.value)) }) }
        if let elements = value.elements { return .array(elements.map { Self.value($0) }) }
        return value.text.map { .text($0) } ?? .other(value.source)
    }

    private static func checkNames(_ value: JSONValue, _ input: [UInt8]) throws(Violation) {
        for (name, member) in value.members {
            let found = value.member(named: Array(name.utf8))
            try hold(found?.source == member.source, "\(name.debugDescription) is not found in \(input.quoted)")
            if let text = member.textBytes {
                try hold(member.textEquals(text), "\(text.quoted) is not equal to itself in \(input.quoted)")
            }
            if let integer = member.integer {
                try hold(Int64(member.source) == integer, "\(member.source) is read as \(integer)")
                try hold(member.number == Double(integer), "\(member.source) is two numbers")
            }
            try checkNames(member, input)
        }
    }
}
