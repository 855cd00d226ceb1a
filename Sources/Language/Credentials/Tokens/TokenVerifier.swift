/// All that decides about an issuer's tokens: its keys, and what the tokens must say.
///
///     let verifier = TokenVerifier(keys: keys, rules: ClaimRules(issuers: ["https://id.example"],
///         audience: .oneOf(["orders"])))
///     let token = try verifier.verify(bytes, scopes: ["orders.read"], now: seconds)
public struct TokenVerifier: Sendable {
    /// The issuer's keys.
    public var keys: KeySet
    /// What its tokens must say.
    public var rules: ClaimRules
    /// The algorithms that are taken, of those that the keys allow.
    public var algorithms: TokenAlgorithms
    /// Whether a token has to name its key, as Amazon's must.
    public var requiresKeyID: Bool

    /// Makes a verifier.
    public init(
        keys: KeySet,
        rules: ClaimRules,
        algorithms: TokenAlgorithms = .all,
        requiresKeyID: Bool = false
    ) {
        self.keys = keys
        self.rules = rules
        self.algorithms = algorithms
        self.requiresKeyID = requiresKeyID
    }

    /// Checks form, signature and claims, in this order, so that who cannot sign learns nothing about the rules.
    /// - Parameters:
    ///   - text: the token, without `Bearer `.
    ///   - scopes: what the route asks for; one of them is enough.
    ///   - now: seconds since 1970.
    public func verify(_ text: Span<UInt8>, scopes: [String] = [], now: Int64) throws(TokenFailure) -> VerifiedToken {
        try verify(CompactToken(text), scopes: scopes, now: now)
    }

    /// Checks a token that was taken apart before, to find its issuer.
    public func verify(
        _ token: CompactToken,
        scopes: [String] = [],
        now: Int64
    ) throws(TokenFailure) -> VerifiedToken {
        guard token.keyID != nil || !requiresKeyID else { throw .unknownKey }
        let verified = try token.verified(by: keys, algorithms: algorithms)
        try rules.check(verified, scopes: scopes, now: now)
        return verified
    }
}
