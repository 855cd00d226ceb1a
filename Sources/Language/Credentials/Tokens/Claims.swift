/// What a token says (RFC 7519, 4).
public struct Claims: Sendable {
    let root: JSONValue

    /// A claim by its name.
    public subscript(name: StaticString) -> JSONValue? { root[name] }

    /// A claim by its name.
    public func claim(named name: String) -> JSONValue? { root.member(named: Array(name.utf8)) }

    /// All claims, in the token's order.
    public var all: [(name: String, value: JSONValue)] { root.members }

    /// Who made the token.
    public var issuer: String? { root["iss"]?.text }
    /// Whom it is about.
    public var subject: String? { root["sub"]?.text }
    /// From when on it is void, in seconds since 1970.
    public var expiresAt: Double? { root["exp"]?.number }

    /// What the bearer may do: `scope`, or, where that is absent, `scp`; each a text of names with spaces between, or an
    /// array of names. `nil` if the claim has another form.
    public var scopes: [String]? {
        guard let value = root["scope"] ?? root["scp"] else { return [] }
        if let text = value.text {
            return text.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
        }
        return value.texts
    }

    /// The names of `aud`, or, only where that is absent, that of `client_id`; `nil` if the claim has another form.
    public var audiences: [String]? {
        if let audience = root["aud"] {
            return audience.text.map { [$0] } ?? audience.texts
        }
        guard let client = root["client_id"] else { return [] }
        return client.text.map { [$0] }
    }
}

extension JSONValue {
    /// The elements of an array of texts; `nil` if this is none.
    fileprivate var texts: [String]? {
        guard let elements else { return nil }
        let texts = elements.compactMap(\.text)
        return texts.count == elements.count ? texts : nil
    }

    /// Whether this is a text of these bytes, or a number or a boolean written with them.
    func isWritten(_ expected: [UInt8]) -> Bool {
        if textEquals(expected) { return true }
        guard number != nil || boolean != nil else { return false }
        return document.bytes.span.extracting(range).equals(expected.span)
    }
}
