/// A dictionary of structured fields (RFC 8941, 3.2): the form of `Signature-Input`, `Signature` and `Content-Digest`.
/// Values are places in the field's bytes; texts and keys are not copied.
package struct StructuredDictionary: Sendable {
    /// A bare item. Its range has all that was written, quotes and colons too.
    package struct Item: Sendable {
        package enum Kind: Sendable, Hashable {
            case integer, decimal, text, token, bytes, boolean
        }

        package var kind: Kind
        var range: Range<Int>
        /// Of an integer, itself; of a decimal, a thousandth; of a boolean, 0 or 1.
        package var value: Int64 = 0
    }

    package struct Parameter: Sendable {
        var key: Range<Int>
        var item: Item
    }

    /// An item, and where its parameters are.
    package struct Member: Sendable {
        var item: Item
        var parameters: Range<Int>
    }

    package enum Content: Sendable {
        case member(Member)
        /// Where the list's members and its own parameters are.
        case list(members: Range<Int>, parameters: Range<Int>)
    }

    package struct Entry: Sendable {
        package var key: Range<Int>
        package var content: Content
    }

    package let bytes: [UInt8]
    package fileprivate(set) var entries: [Entry] = []
    package fileprivate(set) var members: [Member] = []
    fileprivate(set) var parameters: [Parameter] = []

    /// The most bytes of a field, all of its lines taken together.
    static let mostBytes = 8 << 10
    static let mostEntries = 32
    static let mostMembers = 128
    static let mostParameters = 256

    /// Reads a field. A key that comes twice is a fault; the RFC lets the last one win, and readers that do not know
    /// that read something else than what was signed.
    package init(_ bytes: [UInt8]) throws(StructuredFieldFault) {
        self.bytes = bytes
        var parser = StructuredFieldParser(bytes: bytes)
        try parser.parseDictionary()
        entries = parser.entries
        members = parser.members
        parameters = parser.parameters
    }

    package func entry(_ key: Span<UInt8>) -> Entry? {
        entries.first { bytes.span.extracting($0.key).equals(key) }
    }

    package func parameter(_ key: StaticString, in range: Range<Int>) -> Item? {
        for parameter in parameters[range] where bytes.span.extracting(parameter.key).equals(key) {
            return parameter.item
        }
        return nil
    }

    /// The value of a text, or of a token.
    func text(of item: Item) -> [UInt8]? {
        guard item.kind == .text else { return item.kind == .token ? Array(bytes[item.range]) : nil }
        var text: [UInt8] = []
        var position = item.range.lowerBound + 1
        while position < item.range.upperBound - 1 {
            // After the backslash comes a quote or another one, as the parser has seen.
            if bytes[position] == UInt8(ascii: "\\") { position += 1 }
            text.append(bytes[position])
            position += 1
        }
        return text
    }

    /// The value of a byte sequence.
    func bytes(of item: Item) -> [UInt8]? {
        guard item.kind == .bytes else { return nil }
        return Base64.padded.decode(bytes.span.extracting((item.range.lowerBound + 1)..<(item.range.upperBound - 1)))
    }
}

/// Why a text is no dictionary of structured fields that we read: not in the grammar, a key twice, or over a limit.
package struct StructuredFieldFault: Error, Sendable, Hashable {
    /// The byte at which it was seen.
    var offset: Int
}

extension StructuredDictionary {
    /// Writes a content as RFC 8941, 4.1 wants it.
    package func write(_ content: Content, to text: inout [UInt8]) {
        switch content {
        case .member(let member): write(member, to: &text)
        case .list(let members, let parameters):
            text.append(UInt8(ascii: "("))
            for index in members {
                if index > members.lowerBound { text.append(UInt8(ascii: " ")) }
                write(self.members[index], to: &text)
            }
            text.append(UInt8(ascii: ")"))
            writeParameters(parameters, to: &text)
        }
    }

    package func write(_ member: Member, to text: inout [UInt8]) {
        write(member.item, to: &text)
        writeParameters(member.parameters, to: &text)
    }

    private func writeParameters(_ range: Range<Int>, to text: inout [UInt8]) {
        for parameter in parameters[range] {
            text.append(UInt8(ascii: ";"))
            text += bytes[parameter.key]
            // True is told by the key alone.
            if parameter.item.kind == .boolean, parameter.item.value == 1 { continue }
            text.append(UInt8(ascii: "="))
            write(parameter.item, to: &text)
        }
    }

    private func write(_ item: Item, to text: inout [UInt8]) {
        switch item.kind {
        case .text, .token, .bytes: text += bytes[item.range]
        case .integer: text += String(item.value).utf8
        case .boolean: text += [UInt8(ascii: "?"), UInt8(ascii: "0") + UInt8(truncatingIfNeeded: item.value)]
        case .decimal:
            let magnitude = item.value.magnitude
            var fraction = String(magnitude % 1000 + 1000).dropFirst()
            while fraction.count > 1, fraction.last == "0" { fraction.removeLast() }
            text += "\(item.value < 0 ? "-" : "")\(magnitude / 1000).\(fraction)".utf8
        }
    }
}
