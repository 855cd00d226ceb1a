import Credentials

/// A dictionary of structured fields (RFC 8941, 3.2) as the text that the RFC would write for it, made while it is read, with
/// the same limits and, as there, each key once.
struct ReferenceDictionary {
    private struct Malformed: Error {}

    private var rest: ArraySlice<UInt8>
    private var memberCount = 0
    private var parameterCount = 0

    /// Keys and values as they are written; `nil` if the text is no dictionary.
    static func read(_ text: [UInt8]) -> [(key: String, value: String)]? {
        guard text.count <= 8192 else { return nil }
        var reader = ReferenceDictionary(rest: text.drop { $0 == 0x20 })
        return try? reader.entries()
    }

    private init(rest: ArraySlice<UInt8>) { self.rest = rest }

    private mutating func entries() throws -> [(key: String, value: String)] {
        var entries: [(key: String, value: String)] = []
        while !rest.isEmpty {
            let key = try key()
            guard entries.count < 32, !entries.contains(where: { $0.key == key }) else { throw Malformed() }
            let value: String
            if take("=") {
                value = try rest.first == UInt8(ascii: "(") ? list() : item() + parameters()
            } else {
                value = try "?1" + parameters()
            }
            entries.append((key, value))
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
            if rest.isEmpty { break }
            guard take(",") else { throw Malformed() }
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
            if rest.isEmpty { throw Malformed() }
        }
        return entries
    }

    private mutating func list() throws -> String {
        var members: [String] = []
        _ = take("(")
        rest = rest.drop { $0 == 0x20 }
        while !take(")") {
            memberCount += 1
            guard memberCount <= 128 else { throw Malformed() }
            members.append(try item() + parameters())
            guard rest.first == 0x20 || rest.first == UInt8(ascii: ")") else { throw Malformed() }
            rest = rest.drop { $0 == 0x20 }
        }
        return try "(\(members.joined(separator: " ")))" + parameters()
    }

    private mutating func parameters() throws -> String {
        var written = ""
        var keys: Set<String> = []
        while take(";") {
            rest = rest.drop { $0 == 0x20 }
            let key = try key()
            parameterCount += 1
            guard keys.insert(key).inserted, parameterCount <= 256 else { throw Malformed() }
            let value = take("=") ? try item() : "?1"
            written += value == "?1" ? ";\(key)" : ";\(key)=\(value)"
        }
        return written
    }

    private mutating func item() throws -> String {
        guard let first = rest.first else { throw Malformed() }
        switch first {
        case UInt8(ascii: "\""): return try text()
        case UInt8(ascii: ":"):
            rest.removeFirst()
            let bytes = take { $0 != UInt8(ascii: ":") }
            guard take(":"), Base64Property.reference(Array(bytes.utf8), .padded) != nil else { throw Malformed() }
            return ":\(bytes):"
        case UInt8(ascii: "?"):
            rest.removeFirst()
            if take("1") { return "?1" }
            guard take("0") else { throw Malformed() }
            return "?0"
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default:
            let isLetter = "*ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8.contains(first)
            guard isLetter else { throw Malformed() }
            let others = Array("!#$%&'*+-.^_`|~:/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
            return take { others.contains($0) }
        }
    }

    private mutating func number() throws -> String {
        let sign = take("-") ? "-" : ""
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        let whole = take(while: isDigit)
        guard !whole.isEmpty, whole.count <= 15, let value = Int(whole) else { throw Malformed() }
        guard take(".") else { return value == 0 ? "0" : "\(sign)\(value)" }
        var fraction = take(while: isDigit)
        guard whole.count <= 12, (1...3).contains(fraction.count) else { throw Malformed() }
        while fraction.count > 1, fraction.last == "0" { fraction.removeLast() }
        return value == 0 && fraction == "0" ? "0.0" : "\(sign)\(value).\(fraction)"
    }

    private mutating func text() throws -> String {
        rest.removeFirst()
        var written = "\""
        while let byte = rest.popFirst() {
            guard (0x20...0x7E).contains(byte) else { throw Malformed() }
            written.unicodeScalars.append(Unicode.Scalar(byte))
            if byte == UInt8(ascii: "\"") { return written }
            guard byte == UInt8(ascii: "\\") else { continue }
            guard let escaped = rest.popFirst(), escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\") else {
                throw Malformed()
            }
            written.unicodeScalars.append(Unicode.Scalar(escaped))
        }
        throw Malformed()
    }

    private mutating func key() throws -> String {
        let first = Array("*abcdefghijklmnopqrstuvwxyz".utf8)
        let others = Array("_-.*0123456789abcdefghijklmnopqrstuvwxyz".utf8)
        guard let byte = rest.first, first.contains(byte) else { throw Malformed() }
        return take { others.contains($0) }
    }

    private mutating func take(_ text: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: text) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(while fits: (UInt8) -> Bool) -> String {
        let taken = rest.prefix(while: fits)
        rest = rest.dropFirst(taken.count)
        return String(decoding: taken, as: UTF8.self)
    }
}
