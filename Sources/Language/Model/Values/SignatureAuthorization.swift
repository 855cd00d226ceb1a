/// What a request's signature (RFC 9421) must cover and say. Whose it is, the `signing_keys` of customers tell.
public struct SignatureAuthorization: Sendable, Hashable {
    /// Which requests must have a `Content-Digest` (RFC 9530) that is covered. One that is covered is held against the content in any case.
    public enum DigestRule: Sendable, Hashable {
        /// Those with content.
        case withContent
        /// Those by these methods, with content or without.
        case methods([String])
        /// None.
        case never
    }

    /// What happens to a signature with a nonce while Redis can't be asked whether another gateway has taken it.
    public enum NonceFailureRule: String, Sendable, Hashable, CaseIterable {
        /// It is refused with 503.
        case closed
        /// This gateway's own memory decides.
        case local
    }

    /// The components that must be covered: `@method`, `@query-param;name="id"`, a field's name in lower case.
    public var components: [String]
    /// Which of a request's signatures counts; `nil`: the only one, or the only one with the tag.
    public var label: String?
    /// The `tag` that it must have.
    public var tag: String?
    /// How long after `created` it is good.
    public var maxAge: Duration
    /// By how much the client's clock may differ.
    public var clockSkew: Duration
    /// Whether it must say when it ends.
    public var requiresExpires: Bool
    /// Whether it must have a nonce. One that is there is taken once in any case.
    public var requiresNonce: Bool
    /// The nonces that are remembered, at most.
    public var mostNonces: Int
    /// What happens while Redis can't be asked; `nil` when nothing is said, which is `closed`.
    public var onNonceFailure: NonceFailureRule?
    /// Which requests must have a digest of their content.
    public var digest: DigestRule
    /// The most bytes of a content that is held against its digest.
    public var mostBodyBytes: Int

    /// Makes rules for signatures.
    public init(
        components: [String] = ["@method", "@authority", "@path", "@query"],
        label: String? = nil,
        tag: String? = nil,
        maxAge: Duration = .seconds(300),
        clockSkew: Duration = .seconds(30),
        requiresExpires: Bool = false,
        requiresNonce: Bool = true,
        mostNonces: Int = 1_000_000,
        onNonceFailure: NonceFailureRule? = nil,
        digest: DigestRule = .withContent,
        mostBodyBytes: Int = 1 << 20
    ) {
        self.components = components
        self.label = label
        self.tag = tag
        self.maxAge = maxAge
        self.clockSkew = clockSkew
        self.requiresExpires = requiresExpires
        self.requiresNonce = requiresNonce
        self.mostNonces = mostNonces
        self.onNonceFailure = onNonceFailure
        self.digest = digest
        self.mostBodyBytes = mostBodyBytes
    }
}
