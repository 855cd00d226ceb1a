/// What a message signature must cover and say to be taken.
public struct SignaturePolicy: Sendable {
    /// Which of a request's signatures counts; without a label the only one, or the only one with the tag.
    public var label: String?
    /// The `tag` that it must have.
    public var tag: String?
    /// Seconds by which the client's clock may differ from ours.
    public var clockSkew: Int64
    /// Seconds from `created` on in which it is good.
    public var maxAge: Int64
    /// Whether it must have `expires`.
    public var requiresExpires: Bool
    /// Whether it must have a `nonce`, so that its replay can be refused.
    public var requiresNonce: Bool
    /// Whether it must cover `content-digest` when the request has content.
    public var requiresContentDigest: Bool
    /// Identifiers as they are written in a signature base.
    let required: [[UInt8]]

    /// The most bytes of a nonce.
    public static let mostNonceBytes = 128
    /// The most bytes of a key's id.
    public static let mostKeyIDBytes = 256

    /// Makes a policy.
    /// - Parameters:
    ///   - required: the components that must be covered: a field's name in lower case, a derived component such as
    ///     `@method`, or one with parameters, such as `@query-param;name="id"`. `@target-uri` also covers the scheme,
    ///     authority, path and query, and `@request-target` the path and query, where these are required.
    ///   - clockSkew: seconds, 0 or more.
    ///   - maxAge: seconds, 1 or more.
    public init(
        required: [String],
        label: String? = nil,
        tag: String? = nil,
        clockSkew: Int64 = 30,
        maxAge: Int64 = 300,
        requiresExpires: Bool = false,
        requiresNonce: Bool = false,
        requiresContentDigest: Bool = true
    ) {
        self.required = required.map { component in
            let name = component.prefix { $0 != ";" }
            return Array("\"\(name)\"\(component.dropFirst(name.count))".utf8)
        }
        self.label = label
        self.tag = tag
        self.clockSkew = max(0, clockSkew)
        self.maxAge = max(1, maxAge)
        self.requiresExpires = requiresExpires
        self.requiresNonce = requiresNonce
        self.requiresContentDigest = requiresContentDigest
    }

    /// Whether a list of covered identifiers has all that must be in it.
    func isMet(byCovered covered: [[UInt8]], hasContent: Bool) -> Bool {
        if requiresContentDigest, hasContent, !covered.contains(Self.contentDigest) { return false }
        return required.allSatisfy { component in
            if covered.contains(component) { return true }
            return switch component {
            case Self.path, Self.query: covered.contains(Self.targetURI) || covered.contains(Self.requestTarget)
            case Self.scheme, Self.authority: covered.contains(Self.targetURI)
            default: false
            }
        }
    }

    static let contentDigest = Array(#""content-digest""#.utf8)
    private static let path = Array(#""@path""#.utf8)
    private static let query = Array(#""@query""#.utf8)
    private static let scheme = Array(#""@scheme""#.utf8)
    private static let authority = Array(#""@authority""#.utf8)
    private static let targetURI = Array(#""@target-uri""#.utf8)
    private static let requestTarget = Array(#""@request-target""#.utf8)
}
