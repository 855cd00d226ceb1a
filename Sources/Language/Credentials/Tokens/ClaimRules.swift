/// What a token must say to be taken. A token that says less than a rule asks for is refused; nothing is assumed.
public struct ClaimRules: Sendable {
    /// Whom a token has to be meant for.
    public enum Audience: Sendable, Hashable {
        /// One of these names must be among those of `aud` (where that is absent, be the `client_id`).
        case oneOf([String])
        /// Anyone's tokens are taken. Only for issuers that make tokens for nobody else.
        case anyone
    }

    /// A claim beside the registered ones.
    public struct Required: Sendable, Hashable {
        /// The claim's name.
        public var name: String
        /// One of these must be its value, byte for byte; empty: any text, number or boolean will do.
        public var values: [String]
        /// Whether a token without the claim is taken.
        public var isOptional: Bool

        /// Makes a rule.
        public init(_ name: String, values: [String] = [], isOptional: Bool = false) {
            self.name = name
            self.values = values
            self.isOptional = isOptional
        }
    }

    private let issuers: [[UInt8]]
    private let audiences: [[UInt8]]?
    private let required: [(name: [UInt8], text: String, values: [[UInt8]], isOptional: Bool)]
    private let types: [[UInt8]]
    private let leeway: Double
    private let requiresExpiry: Bool

    /// The most seconds by which the issuer's clock may differ from ours.
    public static let mostLeeway = 300

    /// Makes rules.
    /// - Parameters:
    ///   - issuers: one of these is the `iss`, byte for byte.
    ///   - audience: whom tokens are meant for.
    ///   - required: further claims.
    ///   - types: one of these is the header's `typ`, in any case, and without `application/` (RFC 8725, 3.11); empty:
    ///     any, and none.
    ///   - leeway: by how many seconds the issuer's clock may differ from ours, 0 to 300.
    ///   - requiresExpiry: whether a token that never ends is refused.
    public init(
        issuers: [String],
        audience: Audience,
        required: [Required] = [],
        types: [String] = [],
        leeway: Int = 0,
        requiresExpiry: Bool = true
    ) {
        self.issuers = issuers.map { Array($0.utf8) }
        if case .oneOf(let names) = audience {
            audiences = names.map { Array($0.utf8) }
        } else {
            audiences = nil
        }
        self.required = required.map { rule in
            (Array(rule.name.utf8), rule.name, rule.values.map { Array($0.utf8) }, rule.isOptional)
        }
        self.types = types.map { Self.bareType(Array($0.utf8)) }
        self.leeway = Double(min(max(leeway, 0), Self.mostLeeway))
        self.requiresExpiry = requiresExpiry
    }

    /// Checks a token at a time in seconds since 1970. The first rule that fails is told.
    /// - Parameter scopes: what the route asks for, one of them is enough; empty: nothing.
    public func check(_ token: VerifiedToken, scopes: [String] = [], now: Int64) throws(TokenFailure) {
        let claims = token.claims
        if !types.isEmpty {
            let type = Self.bareType(token.type.map { Array($0.utf8) } ?? [])
            guard types.contains(type) else { throw .wrongType }
        }
        guard let issuer = claims["iss"], issuers.contains(where: issuer.textEquals) else { throw .wrongIssuer }
        if let audiences {
            guard Self.names(audiences, in: claims) else { throw .wrongAudience }
        }
        try checkTimes(claims, now: Double(now))
        for rule in required {
            guard let value = claims.root.member(named: rule.name) else {
                guard rule.isOptional else { throw .missingClaim(rule.text) }
                continue
            }
            guard Self.fits(value, rule.values) else { throw .wrongClaim(rule.text) }
        }
        guard scopes.isEmpty || Self.grants(one: scopes, claims) else { throw .insufficientScope }
    }

    private func checkTimes(_ claims: Claims, now: Double) throws(TokenFailure) {
        if let value = claims["exp"] {
            guard let expiry = value.number else { throw .wrongClaim("exp") }
            // "On or after" that time it is void (RFC 7519, 4.1.4).
            guard now < expiry + leeway else { throw .expired }
        } else if requiresExpiry {
            throw .missingClaim("exp")
        }
        if let value = claims["nbf"] {
            guard let start = value.number else { throw .wrongClaim("nbf") }
            guard now >= start - leeway else { throw .notYetValid }
        }
        if let value = claims["iat"] {
            guard let issued = value.number else { throw .wrongClaim("iat") }
            guard now >= issued - leeway else { throw .issuedInFuture }
        }
    }

    private static func names(_ audiences: [[UInt8]], in claims: Claims) -> Bool {
        guard let named = claims["aud"] else {
            guard let client = claims["client_id"] else { return false }
            return audiences.contains(where: client.textEquals)
        }
        guard let several = named.elements else { return audiences.contains(where: named.textEquals) }
        return several.contains { one in audiences.contains(where: one.textEquals) }
    }

    private static func fits(_ value: JSONValue, _ expected: [[UInt8]]) -> Bool {
        guard !expected.isEmpty else { return value.text != nil || value.number != nil || value.boolean != nil }
        return expected.contains(where: value.isWritten)
    }

    private static func grants(one wanted: [String], _ claims: Claims) -> Bool {
        guard let granted = claims.scopes else { return false }
        return granted.contains { scope in wanted.contains { $0.utf8.elementsEqual(scope.utf8) } }
    }

    private static func bareType(_ type: [UInt8]) -> [UInt8] {
        let lowercased = type.map(\.lowercased)
        let prefix = Array("application/".utf8)
        return lowercased.starts(with: prefix) ? Array(lowercased.dropFirst(prefix.count)) : lowercased
    }
}
