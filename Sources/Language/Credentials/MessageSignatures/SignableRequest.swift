/// What a signature can cover of a request: all that this module has to know about one.
public protocol SignableRequest {
    /// Appends a part as the client sent it.
    /// - Returns: whether the request has that part; if not, nothing is appended.
    func append(_ part: RequestPart, to bytes: inout [UInt8]) -> Bool

    /// Hands over the value of each line of a field, in the order of the message; the name is in lower case.
    func forEachValue(ofField name: Span<UInt8>, _ body: (Span<UInt8>) -> Void)

    /// Whether the request has content, be it of no bytes.
    var hasContent: Bool { get }
}

/// A part of a request that is no header field.
public enum RequestPart: Sendable, Hashable {
    /// `GET`.
    case method
    /// `https`, as the client used it.
    case scheme
    /// `example.com:8443`, as the client sent it in `Host` or `:authority`.
    case authority
    /// `/orders`, still encoded.
    case path
    /// `id=1`, still encoded, without the `?`; a request whose target has no `?` has no such part.
    case query
    /// The target as it stands in the request line, or as `:path` does.
    case target
}

/// A request as plain values, for tests and tools.
public struct PlainRequest: SignableRequest, Sendable {
    /// `GET`.
    public var method: String
    /// `https`.
    public var scheme: String
    /// `example.com`.
    public var authority: String
    /// `/orders?id=1`.
    public var target: String
    /// Names in lower case, and values, in the order of the message.
    public var fields: [(name: String, value: String)]
    /// Whether the request has content.
    public var hasContent: Bool

    /// Makes a request.
    public init(
        method: String,
        scheme: String = "https",
        authority: String,
        target: String,
        fields: [(name: String, value: String)] = [],
        hasContent: Bool = false
    ) {
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.target = target
        self.fields = fields
        self.hasContent = hasContent
    }

    /// Appends a part.
    public func append(_ part: RequestPart, to bytes: inout [UInt8]) -> Bool {
        let parts = target.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        switch part {
        case .method: bytes += method.utf8
        case .scheme: bytes += scheme.utf8
        case .authority: bytes += authority.utf8
        case .path: bytes += parts[0]
        case .query:
            guard parts.count == 2 else { return false }
            bytes += parts[1]
        case .target: bytes += target.utf8
        }
        return true
    }

    /// Hands over a field's values.
    public func forEachValue(ofField name: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        for field in fields where Array(field.name.utf8).span.equals(name) { body(Array(field.value.utf8).span) }
    }
}
