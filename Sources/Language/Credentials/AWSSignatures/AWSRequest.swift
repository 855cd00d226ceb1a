/// A request as AWS's clients sign it (Signature Version 4): whole, its body included.
public struct AWSRequest: Sendable {
    /// `GET`.
    public var method: String
    /// The path as the client sent it, still encoded.
    public var path: String
    /// The query as the client sent it, still encoded, without the `?`.
    public var query: String
    /// Names in lower case, and values, in the order of the message. The authority is the field `host`.
    public var fields: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// Makes a request.
    public init(
        method: String,
        path: String,
        query: String = "",
        fields: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.body = body
    }

    /// The values of a field, joined as one list; `nil` when the request has no such field.
    public func field(_ name: String) -> String? {
        let values = fields.lazy.filter { $0.name == name }.map { Self.trimmed($0.value) }
        return values.isEmpty ? nil : values.joined(separator: ",")
    }

    /// Names and values of the query, decoded, in their order.
    public var parameters: [(name: [UInt8], value: [UInt8])] {
        query.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(parts[0]), parts.count == 2 ? Self.decoded(parts[1]) : [])
        }
    }

    /// The value of the only parameter of a name; `nil` when there is none, or several.
    func onlyParameter(_ name: String) -> String? {
        let found = parameters.filter { $0.name.elementsEqual(name.utf8) }
        return found.count == 1 ? String(validating: found[0].value, as: UTF8.self) : nil
    }

    /// Without blanks at both ends, and with one in the place of several.
    private static func trimmed(_ value: String) -> String {
        // By bytes: a blank and a sign that stands over it are one character.
        let words = value.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return String(decoding: Array(words.joined(separator: [UInt8(ascii: " ")])), as: UTF8.self)
    }

    private static func decoded(_ text: Substring.UTF8View) -> [UInt8] {
        let text = Array(text)
        var decoded: [UInt8] = []
        var position = 0
        while position < text.count {
            if text[position] == UInt8(ascii: "%"), position + 2 < text.count,
                let high = text[position + 1].hexValue, let low = text[position + 2].hexValue
            {
                decoded.append(high << 4 | low)
                position += 3
            } else {
                decoded.append(text[position])
                position += 1
            }
        }
        return decoded
    }
}
