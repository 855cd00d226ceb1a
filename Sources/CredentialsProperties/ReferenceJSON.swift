/// JSON as RFC 8259 has it, read in the plainest way: scalar by scalar, into values of its own.
struct ReferenceJSON {
    indirect enum Value: Equatable {
        case object([(name: String, value: Value)])
        case array([Value])
        case text(String)
        /// As it was written: a number, or a word.
        case other(String)

        static func == (one: Value, other: Value) -> Bool { one.written == other.written }

        /// The value in one way, texts by their scalars.
        var written: String {
            switch self {
            case .object(let members):
                "{\(members.map { "\(Value.text($0.name).written):\($0.value.written)" }.joined(separator: ","))}"
            case .array(let elements): "[\(elements.map(\.written).joined(separator: ","))]"
            case .text(let text): "\"\(text.unicodeScalars.map { String($0.value) }.joined(separator: " "))\""
            case .other(let text): text
            }
        }
    }

    private struct Malformed: Error {}

    private var rest: ArraySlice<Unicode.Scalar>
    /// Values and names.
    private(set) var count = 0
    private(set) var depth = 0
    private var level = 0

    /// The value of a text; `nil` if it is none, or if an object has a name twice.
    static func read(_ bytes: [UInt8]) -> (value: Value, count: Int, depth: Int)? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reader = ReferenceJSON(rest: Array(text.unicodeScalars)[...])
        guard let value = try? reader.value(), reader.rest.isEmpty else { return nil }
        return (value, reader.count, reader.depth)
    }

    private init(rest: ArraySlice<Unicode.Scalar>) { self.rest = rest }

    private mutating func skip() {
        rest = rest.drop { " \t\r\n".unicodeScalars.contains($0) }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func next() throws -> Unicode.Scalar {
        guard let first = rest.popFirst() else { throw Malformed() }
        return first
    }

    /// A value with all that may stand around it.
    private mutating func value() throws -> Value {
        skip()
        count += 1
        let value: Value
        switch rest.first {
        case "{": value = try within { reader in .object(try reader.members()) }
        case "[": value = try within { reader in .array(try reader.elements()) }
        case "\"": value = .text(try text())
        default: value = .other(try word())
        }
        skip()
        return value
    }

    private mutating func within(_ body: (inout ReferenceJSON) throws -> Value) throws -> Value {
        // Recursion is bounded as that of the parser is.
        guard level < 64 else { throw Malformed() }
        level += 1
        depth = max(depth, level)
        rest.removeFirst()
        skip()
        defer { level -= 1 }
        return try body(&self)
    }

    private mutating func members() throws -> [(name: String, value: Value)] {
        var members: [(name: String, value: Value)] = []
        if take("}") { return members }
        repeat {
            skip()
            count += 1
            let name = try text()
            // Not as `String` compares, for which different scalars can be the same.
            guard !members.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { throw Malformed() }
            skip()
            guard take(":") else { throw Malformed() }
            members.append((name, try value()))
        } while take(",")
        guard take("}") else { throw Malformed() }
        return members
    }

    private mutating func elements() throws -> [Value] {
        var elements: [Value] = []
        if take("]") { return elements }
        repeat { elements.append(try value()) } while take(",")
        guard take("]") else { throw Malformed() }
        return elements
    }

    private mutating func text() throws -> String {
        guard take("\"") else { throw Malformed() }
        var units: [UInt16] = []
        while true {
            let scalar = try next()
            if scalar == "\"" { break }
            guard scalar.value >= 0x20 else { throw Malformed() }
            units += scalar == "\\" ? [try escape()] : Array(String(Character(scalar)).utf16)
        }
        // Halves of characters are found here, those that escapes make included.
        guard let text = String(validating: units, as: UTF16.self) else { throw Malformed() }
        return text
    }

    private mutating func escape() throws -> UInt16 {
        let scalar = try next()
        if scalar == "u" {
            var digits = ""
            for _ in 0..<4 { digits.unicodeScalars.append(try next()) }
            guard digits.utf8.count == 4, !digits.hasPrefix("+"), !digits.hasPrefix("-"),
                let unit = UInt16(digits, radix: 16)
            else { throw Malformed() }
            return unit
        }
        let plain: [Unicode.Scalar: UInt16] = [
            "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9,
        ]
        guard let unit = plain[scalar] else { throw Malformed() }
        return unit
    }

    /// A number, `true`, `false` or `null`.
    private mutating func word() throws -> String {
        let word = rest.prefix {
            $0.isASCII && ($0.properties.isAlphabetic || "+-.0123456789".unicodeScalars.contains($0))
        }
        rest = rest.dropFirst(word.count)
        var text = ""
        text.unicodeScalars.append(contentsOf: word)
        guard ["true", "false", "null"].contains(text) || Self.isNumber(text) else { throw Malformed() }
        return text
    }

    private static func isNumber(_ text: String) -> Bool {
        let number = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = number.split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
            .flatMap { $0.split(separator: "E", maxSplits: 1, omittingEmptySubsequences: false) }
        let isDigits = { (text: Substring) in !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        guard parts.count <= 2, let mantissa = parts.first else { return false }
        if parts.count == 2 {
            let exponent = parts[1].first == "+" || parts[1].first == "-" ? parts[1].dropFirst() : parts[1]
            guard isDigits(exponent) else { return false }
        }
        let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, halves.allSatisfy(isDigits) else { return false }
        return halves[0] == "0" || halves[0].first != "0"
    }
}
