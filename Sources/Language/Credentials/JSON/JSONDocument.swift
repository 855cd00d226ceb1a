/// A JSON text (RFC 8259) with a table of where its values stand. Nothing is copied out of it until it is asked for, and
/// names and texts are compared as bytes.
public struct JSONDocument: Sendable {
    let bytes: [UInt8]
    /// In the order of the text: a value, then, if it is an array or an object, what is in it. A member is its name
    /// and then its value.
    let nodes: [JSONNode]

    /// Reads a text.
    public init(_ bytes: [UInt8], limits: JSONLimits) throws(JSONFault) {
        var parser = JSONParser(bytes: bytes, limits: limits)
        try parser.parse()
        self.bytes = bytes
        nodes = parser.nodes
    }

    /// The outermost value.
    public var root: JSONValue { JSONValue(document: self, index: 0) }
}

struct JSONNode: Sendable {
    enum Kind: UInt8, Sendable {
        case object, array, text, number, yes, no, null
    }

    var kind: Kind
    /// Of a text: it has escapes, so that its bytes are not its value.
    var hasEscapes = false
    /// Where the value's own bytes are; of a text, what is between the quotes.
    var start: Int32
    var end: Int32
    /// The node after this one and all that is in it.
    var next: Int32 = 0
}

/// One value of a document.
public struct JSONValue: Sendable {
    let document: JSONDocument
    let index: Int

    private var node: JSONNode { document.nodes[index] }
    var range: Range<Int> { Int(node.start)..<Int(node.end) }

    /// Whether it is an object.
    public var isObject: Bool { node.kind == .object }

    /// The value of an object's member; `nil` if there is none, or if this is no object.
    public subscript(name: StaticString) -> JSONValue? {
        firstMember { document.nodes[$0].textEquals(name, in: document.bytes) }
    }

    /// The value of an object's member, by the bytes of its name.
    public func member(named name: [UInt8]) -> JSONValue? {
        firstMember { JSONValue(document: document, index: $0).textEquals(name) }
    }

    private func firstMember(where isNamed: (Int) -> Bool) -> JSONValue? {
        guard node.kind == .object else { return nil }
        var position = index + 1
        while position < Int(node.next) {
            if isNamed(position) { return JSONValue(document: document, index: position + 1) }
            position = Int(document.nodes[position + 1].next)
        }
        return nil
    }

    /// The members of an object, in their order; empty if this is no object.
    public var members: [(name: String, value: JSONValue)] {
        guard node.kind == .object else { return [] }
        var members: [(name: String, value: JSONValue)] = []
        var position = index + 1
        while position < Int(node.next) {
            let name = JSONValue(document: document, index: position).text ?? ""
            members.append((name, JSONValue(document: document, index: position + 1)))
            position = Int(document.nodes[position + 1].next)
        }
        return members
    }

    /// The elements of an array; `nil` if this is none.
    public var elements: [JSONValue]? {
        guard node.kind == .array else { return nil }
        var elements: [JSONValue] = []
        var position = index + 1
        while position < Int(node.next) {
            elements.append(JSONValue(document: document, index: position))
            position = Int(document.nodes[position].next)
        }
        return elements
    }

    /// The value of a text; `nil` if this is none.
    public var text: String? {
        guard node.kind == .text else { return nil }
        let written = document.bytes[range]
        guard node.hasEscapes else { return String(decoding: written, as: UTF8.self) }
        return String(decoding: JSONParser.unescape(written), as: UTF8.self)
    }

    /// The value of a text in UTF-8; `nil` if this is none.
    public var textBytes: [UInt8]? {
        guard node.kind == .text else { return nil }
        guard node.hasEscapes else { return Array(document.bytes[range]) }
        return JSONParser.unescape(document.bytes[range])
    }

    /// Whether this is a text of exactly these bytes.
    public func textEquals(_ other: [UInt8]) -> Bool {
        guard node.kind == .text else { return false }
        guard node.hasEscapes else { return document.bytes.span.extracting(range).equals(other.span) }
        return textBytes == other
    }

    /// A number, as near as a `Double` comes to it; `nil` if this is none, or too large for one.
    public var number: Double? {
        guard node.kind == .number else { return nil }
        if let integer { return Double(integer) }
        guard let value = Double(String(decoding: document.bytes[range], as: UTF8.self)), value.isFinite else {
            return nil
        }
        return value
    }

    /// A number written without fraction and exponent; `nil` if this is none, or if it does not fit.
    public var integer: Int64? {
        guard node.kind == .number else { return nil }
        var position = range.lowerBound
        let isNegative = document.bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var value: Int64 = 0
        while position < range.upperBound {
            let byte = document.bytes[position]
            guard byte.isDigit else { return nil }
            let digit = Int64(byte - UInt8(ascii: "0"))
            let (tenfold, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowedAgain) = tenfold.addingReportingOverflow(isNegative ? -digit : digit)
            guard !overflowed, !overflowedAgain else { return nil }
            value = sum
            position += 1
        }
        return value
    }

    /// `true` or `false`; `nil` if this is neither.
    public var boolean: Bool? {
        switch node.kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    /// Whether this is `null`.
    public var isNull: Bool { node.kind == .null }

    /// The value as it was written: the way to hand numbers, arrays and objects on unchanged.
    public var source: String {
        let isText = node.kind == .text
        let outer = isText ? (range.lowerBound - 1)..<(range.upperBound + 1) : range
        return String(decoding: document.bytes[outer], as: UTF8.self)
    }
}

extension JSONNode {
    fileprivate func textEquals(_ literal: StaticString, in bytes: [UInt8]) -> Bool {
        guard kind == .text else { return false }
        let range = Int(start)..<Int(end)
        guard hasEscapes else { return bytes.span.extracting(range).equals(literal) }
        return JSONParser.unescape(bytes[range]).span.equals(literal)
    }
}
