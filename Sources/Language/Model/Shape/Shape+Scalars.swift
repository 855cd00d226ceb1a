extension Shape {
    /// One scalar. In the schema every scalar may also be a text with a `${VARIABLE}` in it.
    ///
    /// - Parameters:
    ///   - pattern: a regular expression (ECMA 262, anchored) for editors; `nil` lets any text through.
    ///   - parse: throws a fault without location.
    static func scalar(
        _ expected: String,
        pattern: String? = nil,
        written: @escaping (Value) -> JSON? = { _ in nil },
        parse: @escaping (String) throws(Fault) -> Value
    ) -> Shape {
        var schema: [JSON.Member] = [JSON.Member(name: "type", value: "string")]
        if let pattern {
            schema.append(JSON.Member(name: "pattern", value: .string("\(pattern)|\(environmentReference)")))
        }
        return Shape(expected, schema: .object(schema), written: written) { node, faults in
            guard let text = node.text else {
                faults.mismatch(node, expected: expected)
                return nil
            }
            do throws(Fault) {
                return try parse(text)
            } catch {
                faults.add(error, at: node.location)
                return nil
            }
        }
    }

    /// The same scalar as a number in the schema, within bounds if there are any.
    fileprivate func number(_ type: JSON, _ range: ClosedRange<Int>?, pattern: String = environmentReference) -> Shape {
        var schema: [JSON.Member] = [JSON.Member(name: "type", value: [type, "string"])]
        if let range {
            schema.append(JSON.Member(name: "minimum", value: .number(String(range.lowerBound))))
            schema.append(JSON.Member(name: "maximum", value: .number(String(range.upperBound))))
        }
        schema.append(JSON.Member(name: "pattern", value: .string(pattern)))
        return Shape(expected, schema: .object(schema), written: written, read: read)
    }

    /// One of a few words.
    static func choice(_ words: [(name: String, value: Value)]) -> Shape where Value: Equatable {
        let names = words.map(\.name)
        let expected = names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
        let written = { (value: Value) in words.first { $0.value == value }.map { JSON.string($0.name) } }
        let shape = Shape.scalar(expected, written: written) { (text) throws(Fault) in
            guard let word = words.first(where: { $0.name == text }) else {
                throw Fault("expected \(expected)", text: text, suggestion: Spelling.closest(to: text, among: names))
            }
            return word.value
        }
        let schema: JSON = [
            "anyOf": [["enum": .array(names.map { .string($0) })], ["type": "string", "pattern": "\\$\\{"]]
        ]
        return Shape(expected, schema: schema, written: written, read: shape.read)
    }
}

/// What lets a text with a variable through where editors check a pattern.
private let environmentReference = "\\$\\{"

extension Shape<String> {
    /// Any text.
    static var text: Shape { .text("a text") }

    /// Any text, called `expected` in faults.
    static func text(_ expected: String) -> Shape {
        .scalar(expected, written: { .string($0) }) { (text) throws(Fault) in text }
    }

    /// A name that the user gives to something: it stands in metrics and logs, and never looks like a URL.
    static var name: Shape {
        let expected = "a name (letters, digits, - _ . and at most 64 of them)"
        return .scalar(expected, pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", written: { .string($0) }) {
            (text) throws(Fault) in
            guard Self.isName(text) else { throw Fault("expected \(expected)", text: text) }
            return text
        }
    }

    /// A stage's name as at AWS.
    static var stage: Shape {
        let expected = "$default or a stage's name (letters, digits, - and _)"
        return .scalar(expected, pattern: "^(\\$default|[A-Za-z0-9_-]{1,128})$", written: { .string($0) }) {
            (text) throws(Fault) in
            let isWord = text.utf8.allSatisfy { $0 == 45 || $0.isWordByte } && (1...128).contains(text.utf8.count)
            guard text == "$default" || isWord else { throw Fault("expected \(expected)", text: text) }
            return text
        }
    }

    /// A numeric address to listen on.
    static var address: Shape {
        let expected = "a numeric address, as 0.0.0.0, 127.0.0.1 or ::"
        return .scalar(expected, written: { .string($0) }) { (text) throws(Fault) in
            guard IPAddress(text) != nil else {
                throw Fault("expected \(expected)", text: text, suggestion: text == "localhost" ? "127.0.0.1" : nil)
            }
            return text
        }
    }

    static func isName(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, first.isWordByte, first != 95 else {
            return false
        }
        return text.utf8.allSatisfy { $0.isWordByte || $0 == 45 || $0 == 46 }
    }
}

extension UInt8 {
    /// An ASCII letter, a digit or an underscore.
    var isWordByte: Bool {
        switch self {
        case 48...57, 65...90, 97...122, 95: true
        default: false
        }
    }
}

extension Shape<Bool> {
    /// `true` or `false`.
    static var flag: Shape {
        let schema: JSON = ["type": ["boolean", "string"], "pattern": .string(environmentReference)]
        let words = Shape.choice([("true", true), ("false", false)])
        return Shape(words.expected, schema: schema, written: { .bool($0) }, read: words.read)
    }
}

extension Shape<Int> {
    /// A whole number within bounds.
    static func integer(_ range: ClosedRange<Int>, _ what: String = "a whole number") -> Shape {
        let expected = "\(what) (\(range.lowerBound)…\(range.upperBound))"
        return Shape.scalar(expected, written: { .number(String($0)) }) { (text) throws(Fault) in
            guard let value = Int(text), range.contains(value) else {
                throw Fault("expected \(expected)", text: text)
            }
            return value
        }
        .number("integer", range)
    }

    /// A port to listen on; 0 lets the system choose.
    static var port: Shape { .integer(0...65_535, "a port") }

    /// A number of bytes within bounds.
    static func bytes(_ range: ClosedRange<Int>) -> Shape {
        let bounds = "\(ByteCount.written(range.lowerBound))…\(ByteCount.written(range.upperBound))"
        let expected = "a size, as 64KiB or 10MB (\(bounds))"
        return Shape.scalar(expected, written: { .string(ByteCount.written($0)) }) { (text) throws(Fault) in
            guard let value = ByteCount.read(text) else {
                let suggestion = Spelling.closest(to: text, among: [text.filter(\.isNumber) + "KiB"])
                throw Fault("expected \(expected)", text: text, suggestion: suggestion)
            }
            guard range.contains(value) else { throw Fault("expected \(expected)", text: text) }
            return value
        }
        .number("integer", nil, pattern: "\(ByteCount.pattern)|\(environmentReference)")
    }
}

extension Shape<Double> {
    /// A share of a whole: `20%` or `0.2`.
    static var share: Shape {
        let expected = "a share, as 20% or 0.2"
        return Shape.scalar(
            expected,
            written: { .string("\(Int(($0 * 100).rounded()))%") }
        ) { (text) throws(Fault) in
            let isPercentage = text.hasSuffix("%")
            let digits = isPercentage ? String(text.dropLast()) : text
            let isDecimal = digits.utf8.allSatisfy { $0 == 46 || (48...57).contains($0) }
            guard isDecimal, let number = Double(digits), (0...(isPercentage ? 100 : 1)).contains(number) else {
                throw Fault("expected \(expected)", text: text)
            }
            return isPercentage ? number / 100 : number
        }
        .number("number", nil, pattern: "^[0-9]+(\\.[0-9]+)?%?$|\(environmentReference)")
    }
}

extension Shape<Duration> {
    /// A time within bounds.
    static func duration(from least: Duration = .milliseconds(1), to most: Duration = .seconds(86_400)) -> Shape {
        let bounds = "\(TimeSpan.written(least))…\(TimeSpan.written(most))"
        let expected = "a time with units, as 250ms, 5s or 1m30s (\(bounds))"
        return .scalar(expected, pattern: TimeSpan.pattern, written: { .string(TimeSpan.written($0)) }) {
            (text) throws(Fault) in
            guard let value = TimeSpan.read(text) else {
                throw Fault("expected \(expected)", text: text, suggestion: Int(text) == nil ? nil : text + "s")
            }
            guard (least...most).contains(value) else { throw Fault("expected \(expected)", text: text) }
            return value
        }
    }
}
