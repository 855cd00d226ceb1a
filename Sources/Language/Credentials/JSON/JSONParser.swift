/// Reads the grammar of RFC 8259 and nothing beside it: no comments, no trailing commas, no lone surrogates, no second
/// member of a name, nothing after the value.
struct JSONParser {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var position = 0
    private(set) var nodes: [JSONNode] = []

    /// From here on, names of an object are looked up in a set instead of one by one.
    private static let manyNames = 16

    init(bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
        nodes.reserveCapacity(min(limits.nodes, 64))
    }

    mutating func parse() throws(JSONFault) {
        guard bytes.count <= limits.bytes else { throw .tooLong }
        guard isUTF8(bytes.span) else { throw .notUTF8 }
        skipSpace()
        try parseValue(depth: 1)
        skipSpace()
        guard position == bytes.count else { throw malformed }
    }

    private var malformed: JSONFault { .malformed(at: position) }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func begin(_ kind: JSONNode.Kind) throws(JSONFault) -> Int {
        guard nodes.count < limits.nodes else { throw .tooManyValues }
        nodes.append(JSONNode(kind: kind, start: Int32(position), end: Int32(position)))
        return nodes.count - 1
    }

    private mutating func end(_ node: Int) {
        nodes[node].end = Int32(position)
        nodes[node].next = Int32(nodes.count)
    }

    private mutating func parseValue(depth: Int) throws(JSONFault) {
        switch peek() {
        case UInt8(ascii: "{"): try parseObject(depth: depth)
        case UInt8(ascii: "["): try parseArray(depth: depth)
        case UInt8(ascii: "\""): try parseText()
        case UInt8(ascii: "t"): try parseWord("true", as: .yes)
        case UInt8(ascii: "f"): try parseWord("false", as: .no)
        case UInt8(ascii: "n"): try parseWord("null", as: .null)
        default: try parseNumber()
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONFault) {
        guard depth <= limits.depth else { throw .tooDeep }
        let object = try begin(.object)
        position += 1
        skipSpace()
        var names = NamesSeen()
        if peek() == UInt8(ascii: "}") {
            position += 1
            return end(object)
        }
        while true {
            let start = position
            guard peek() == UInt8(ascii: "\"") else { throw malformed }
            let name = nodes.count
            try parseText()
            guard names.insert(name, in: nodes, of: bytes) else { throw .duplicateName(at: start) }
            skipSpace()
            guard peek() == UInt8(ascii: ":") else { throw malformed }
            position += 1
            skipSpace()
            try parseValue(depth: depth + 1)
            skipSpace()
            guard try goesOn(until: UInt8(ascii: "}")) else { return end(object) }
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONFault) {
        guard depth <= limits.depth else { throw .tooDeep }
        let array = try begin(.array)
        position += 1
        skipSpace()
        if peek() == UInt8(ascii: "]") {
            position += 1
            return end(array)
        }
        while true {
            try parseValue(depth: depth + 1)
            skipSpace()
            guard try goesOn(until: UInt8(ascii: "]")) else { return end(array) }
        }
    }

    /// Reads a comma, after which something must come, or the closing bracket.
    private mutating func goesOn(until closing: UInt8) throws(JSONFault) -> Bool {
        guard let byte = peek(), byte == UInt8(ascii: ",") || byte == closing else { throw malformed }
        position += 1
        guard byte != closing else { return false }
        skipSpace()
        return true
    }

    private mutating func parseText() throws(JSONFault) {
        position += 1
        let text = try begin(.text)
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                end(text)
                position += 1
                return
            case UInt8(ascii: "\\"):
                nodes[text].hasEscapes = true
                try parseEscape()
            case 0..<0x20: throw malformed
            default: position += 1
            }
        }
        throw malformed
    }

    private mutating func parseEscape() throws(JSONFault) {
        position += 1
        guard let byte = peek() else { throw malformed }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            let unit = try parseUnit()
            if unit & 0xF800 == 0xD800 {
                // A high surrogate, which is half a character, and its other half.
                guard unit < 0xDC00, peek() == UInt8(ascii: "\\") else { throw malformed }
                position += 1
                guard peek() == UInt8(ascii: "u") else { throw malformed }
                guard try parseUnit() & 0xFC00 == 0xDC00 else { throw malformed }
            }
        default: throw malformed
        }
    }

    /// Reads `u` and four digits.
    private mutating func parseUnit() throws(JSONFault) -> UInt16 {
        position += 1
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = peek()?.hexValue else { throw malformed }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private mutating func parseWord(_ word: StaticString, as kind: JSONNode.Kind) throws(JSONFault) {
        let rest = bytes.count - position
        guard rest >= word.utf8CodeUnitCount else { throw malformed }
        let range = position..<(position + word.utf8CodeUnitCount)
        guard bytes.span.extracting(range).equals(word) else { throw malformed }
        let node = try begin(kind)
        position = range.upperBound
        end(node)
    }

    private mutating func parseNumber() throws(JSONFault) {
        let node = try begin(.number)
        if peek() == UInt8(ascii: "-") { position += 1 }
        if peek() == UInt8(ascii: "0") {
            position += 1
        } else {
            try parseDigits()
        }
        if peek() == UInt8(ascii: ".") {
            position += 1
            try parseDigits()
        }
        if let byte = peek(), byte.lowercased == UInt8(ascii: "e") {
            position += 1
            if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try parseDigits()
        }
        end(node)
    }

    private mutating func parseDigits() throws(JSONFault) {
        guard peek()?.isDigit == true else { throw malformed }
        while peek()?.isDigit == true { position += 1 }
    }

    /// The value of a text that was found sound.
    static func unescape(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var value: [UInt8] = []
        value.reserveCapacity(text.count)
        var position = text.startIndex
        func unit(at start: Int) -> UInt32 {
            text[start..<(start + 4)].reduce(0) { $0 << 4 | UInt32($1.hexValue ?? 0) }
        }
        while position < text.endIndex {
            guard text[position] == UInt8(ascii: "\\") else {
                value.append(text[position])
                position += 1
                continue
            }
            let escaped = text[position + 1]
            position += 2
            switch escaped {
            case UInt8(ascii: "b"): value.append(0x08)
            case UInt8(ascii: "f"): value.append(0x0C)
            case UInt8(ascii: "n"): value.append(0x0A)
            case UInt8(ascii: "r"): value.append(0x0D)
            case UInt8(ascii: "t"): value.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = unit(at: position)
                position += 4
                if scalar & 0xF800 == 0xD800 {
                    scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit(at: position + 2) & 0x3FF
                    position += 6
                }
                value += Unicode.Scalar(scalar).map { Array(String(Character($0)).utf8) } ?? []
            default: value.append(escaped)
            }
        }
        return value
    }

    /// The names of one object so far.
    private struct NamesSeen {
        private var few: [Int] = []
        private var many: Set<[UInt8]> = []

        /// Takes a name in; `false` if it is there already.
        mutating func insert(_ name: Int, in nodes: [JSONNode], of bytes: [UInt8]) -> Bool {
            if few.count < JSONParser.manyNames {
                for earlier in few where Self.areSame(nodes[earlier], nodes[name], of: bytes) { return false }
                few.append(name)
                return true
            }
            if many.isEmpty {
                for earlier in few { many.insert(Self.value(nodes[earlier], of: bytes)) }
            }
            return many.insert(Self.value(nodes[name], of: bytes)).inserted
        }

        private static func areSame(_ one: JSONNode, _ other: JSONNode, of bytes: [UInt8]) -> Bool {
            guard !one.hasEscapes, !other.hasEscapes else { return value(one, of: bytes) == value(other, of: bytes) }
            let span = bytes.span
            return span.extracting(Int(one.start)..<Int(one.end)).equals(
                span.extracting(Int(other.start)..<Int(other.end))
            )
        }

        private static func value(_ node: JSONNode, of bytes: [UInt8]) -> [UInt8] {
            let text = bytes[Int(node.start)..<Int(node.end)]
            return node.hasEscapes ? JSONParser.unescape(text) : Array(text)
        }
    }
}

/// Whether bytes are UTF-8, without overlong forms and surrogates.
func isUTF8(_ bytes: Span<UInt8>) -> Bool {
    (try? UTF8Span(validating: bytes)) != nil
}
