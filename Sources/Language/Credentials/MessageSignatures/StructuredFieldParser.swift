/// Reads structured fields (RFC 8941, 4.2), dictionaries only.
struct StructuredFieldParser {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var entries: [StructuredDictionary.Entry] = []
    private(set) var members: [StructuredDictionary.Member] = []
    private(set) var parameters: [StructuredDictionary.Parameter] = []

    /// RFC 8941, 3.3.1 and 3.3.2.
    private static let mostIntegerDigits = 15
    private static let mostDigitsBeforePoint = 12
    private static let mostDigitsAfterPoint = 3

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var fault: StructuredFieldFault { StructuredFieldFault(offset: position) }
    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpaces(tabs: Bool = false) {
        while let byte = peek(), byte == 0x20 || (tabs && byte == 0x09) { position += 1 }
    }

    mutating func parseDictionary() throws(StructuredFieldFault) {
        guard bytes.count <= StructuredDictionary.mostBytes else { throw fault }
        skipSpaces()
        while position < bytes.count {
            let key = try parseKey()
            guard entries.count < StructuredDictionary.mostEntries,
                !entries.contains(where: { isSame($0.key, key) })
            else { throw fault }
            entries.append(.init(key: key, content: try parseContent()))
            skipSpaces(tabs: true)
            guard position < bytes.count else { return }
            guard take(UInt8(ascii: ",")) else { throw fault }
            skipSpaces(tabs: true)
            guard position < bytes.count else { throw fault }
        }
    }

    private func isSame(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        bytes.span.extracting(one).equals(bytes.span.extracting(other))
    }

    private mutating func parseContent() throws(StructuredFieldFault) -> StructuredDictionary.Content {
        guard take(UInt8(ascii: "=")) else {
            let item = StructuredDictionary.Item(kind: .boolean, range: position..<position, value: 1)
            return .member(.init(item: item, parameters: try parseParameters()))
        }
        guard take(UInt8(ascii: "(")) else { return .member(try parseMember()) }
        let first = members.count
        while true {
            skipSpaces()
            if take(UInt8(ascii: ")")) { break }
            guard members.count < StructuredDictionary.mostMembers else { throw fault }
            let member = try parseMember()
            members.append(member)
            guard peek() == 0x20 || peek() == UInt8(ascii: ")") else { throw fault }
        }
        let range = first..<members.count
        return .list(members: range, parameters: try parseParameters())
    }

    private mutating func parseMember() throws(StructuredFieldFault) -> StructuredDictionary.Member {
        let item = try parseItem()
        return .init(item: item, parameters: try parseParameters())
    }

    private mutating func parseParameters() throws(StructuredFieldFault) -> Range<Int> {
        let first = parameters.count
        while take(UInt8(ascii: ";")) {
            skipSpaces()
            let key = try parseKey()
            guard parameters.count < StructuredDictionary.mostParameters,
                !parameters[first...].contains(where: { isSame($0.key, key) })
            else { throw fault }
            var item = StructuredDictionary.Item(kind: .boolean, range: position..<position, value: 1)
            if take(UInt8(ascii: "=")) { item = try parseItem() }
            parameters.append(.init(key: key, item: item))
        }
        return first..<parameters.count
    }

    private mutating func parseKey() throws(StructuredFieldFault) -> Range<Int> {
        let start = position
        guard let first = peek(), first.isLowercaseLetter || first == UInt8(ascii: "*") else { throw fault }
        while let byte = peek(), byte.isLowercaseLetter || byte.isDigit || "_-.*".utf8.contains(byte) { position += 1 }
        return start..<position
    }

    private mutating func parseItem() throws(StructuredFieldFault) -> StructuredDictionary.Item {
        guard let first = peek() else { throw fault }
        switch first {
        case UInt8(ascii: "\""): return try parseText()
        case UInt8(ascii: ":"): return try parseBytes()
        case UInt8(ascii: "?"): return try parseBoolean()
        case UInt8(ascii: "-"): return try parseNumber()
        case _ where first.isDigit: return try parseNumber()
        case _ where first.isLetter || first == UInt8(ascii: "*"): return parseToken()
        default: throw fault
        }
    }

    private mutating func parseText() throws(StructuredFieldFault) -> StructuredDictionary.Item {
        let start = position
        position += 1
        while let byte = peek() {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return .init(kind: .text, range: start..<position)
            case UInt8(ascii: "\\"):
                guard take(UInt8(ascii: "\"")) || take(UInt8(ascii: "\\")) else { throw fault }
            case 0x20...0x7E: break
            default: throw fault
            }
        }
        throw fault
    }

    private mutating func parseBytes() throws(StructuredFieldFault) -> StructuredDictionary.Item {
        let start = position
        guard let end = bytes.span.firstIndex(of: UInt8(ascii: ":"), from: start + 1),
            Base64.padded.decode(bytes.span.extracting((start + 1)..<end)) != nil
        else { throw fault }
        position = end + 1
        return .init(kind: .bytes, range: start..<position)
    }

    private mutating func parseBoolean() throws(StructuredFieldFault) -> StructuredDictionary.Item {
        let start = position
        position += 1
        if take(UInt8(ascii: "1")) { return .init(kind: .boolean, range: start..<position, value: 1) }
        guard take(UInt8(ascii: "0")) else { throw fault }
        return .init(kind: .boolean, range: start..<position, value: 0)
    }

    private mutating func parseNumber() throws(StructuredFieldFault) -> StructuredDictionary.Item {
        let start = position
        let sign: Int64 = take(UInt8(ascii: "-")) ? -1 : 1
        let (whole, digits) = parseDigits()
        guard (1...Self.mostIntegerDigits).contains(digits) else { throw fault }
        guard take(UInt8(ascii: ".")) else {
            return .init(kind: .integer, range: start..<position, value: sign * whole)
        }
        let (fraction, places) = parseDigits()
        guard digits <= Self.mostDigitsBeforePoint, (1...Self.mostDigitsAfterPoint).contains(places) else {
            throw fault
        }
        let thousandths = [100, 10, 1][places - 1] * fraction
        return .init(kind: .decimal, range: start..<position, value: sign * (whole * 1000 + thousandths))
    }

    /// Digits and how many there were; the value means something only if these are no more than 15.
    private mutating func parseDigits() -> (value: Int64, count: Int) {
        var value: Int64 = 0
        var count = 0
        while let byte = peek(), byte.isDigit {
            if count < Self.mostIntegerDigits { value = value * 10 + Int64(byte - UInt8(ascii: "0")) }
            count += 1
            position += 1
        }
        return (value, count)
    }

    private mutating func parseToken() -> StructuredDictionary.Item {
        let start = position
        while let byte = peek(), byte.isLetter || byte.isDigit || "!#$%&'*+-.^_`|~:/".utf8.contains(byte) {
            position += 1
        }
        return .init(kind: .token, range: start..<position)
    }
}
