import Credentials
import Crypto

/// The input is a token, and once more the payload of one that is signed here.
/// - A token is taken apart only if its three parts are the only texts for their bytes.
/// - A signed payload is taken if and only if it is a JSON object within the limits; no other signature and no other payload is.
/// - What the rules let pass has what they ask for.
enum TokenProperty {
    private static let secret = [UInt8](repeating: 0x6B, count: 32)
    private static let header = Array(#"{"alg":"HS256"}"#.utf8)

    static func check(_ input: [UInt8]) throws(Violation) {
        try checkParts(input)
        let payload = Base64.url.encode(input)
        let token = signed(payload)
        let isObject = (try? JSONDocument(input, limits: .claims))?.root.isObject == true
        let isShort = token.count <= CompactToken.mostBytes
        guard let keys else { throw Violation(description: "the secret is no key") }
        let read = try? CompactToken(token.span)
        try hold((read != nil) == isShort, "a token of \(token.count) bytes is \(read == nil ? "refused" : "taken")")
        guard let read else { return }
        let verified = try? read.verified(by: keys)
        try hold((verified != nil) == isObject, "\(input.quoted), signed, is \(verified == nil ? "refused" : "taken")")
        for place in [0, payload.count - 1] where !payload.isEmpty {
            var other = token
            let index = Base64.url.encode(header).count + 1 + place
            other[index] = other[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let isTaken = (try? CompactToken(other.span).verified(by: keys)) != nil
            try hold(!isTaken, "\(other.quoted) is taken, but \(token.quoted) was signed")
        }
        if let verified { try checkRules(verified, input) }
    }

    private static func checkParts(_ input: [UInt8]) throws(Violation) {
        guard let token = try? CompactToken(input.span) else { return }
        let parts = input.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
        try hold(parts.count == 3 && input.count <= CompactToken.mostBytes, "\(input.quoted) is taken")
        for part in parts {
            let bytes = Base64Property.reference(part, .url)
            try hold(bytes.map(Base64.url.encode) == part, "\(part.quoted) is not the only text for its bytes")
        }
        let claims = try? token.unverifiedClaims()
        let payload = Base64Property.reference(parts[1], .url) ?? []
        let isObject = (try? JSONDocument(payload, limits: .claims))?.root.isObject == true
        try hold((claims != nil) == isObject, "claims of \(payload.quoted) are \(claims == nil ? "refused" : "taken")")
        let isTaken = keys.flatMap { try? token.verified(by: $0) } != nil
        let expected = signed(parts[1]) == input
        try hold(!isTaken || expected || !input.starts(with: Base64.url.encode(header)), "\(input.quoted) is believed")
    }

    private static func checkRules(_ token: VerifiedToken, _ input: [UInt8]) throws(Violation) {
        let now: Int64 = 1_700_000_000
        let rules = ClaimRules(
            issuers: ["https://id.example"],
            audience: .oneOf(["orders"]),
            required: [ClaimRules.Required("tier", values: ["gold", "7", "true"])]
        )
        guard (try? rules.check(token, scopes: ["read"], now: now)) != nil else { return }
        let claims = token.claims
        try hold(claims.issuer == "https://id.example", "\(input.quoted) has another issuer")
        try hold(claims.audiences?.contains("orders") == true, "\(input.quoted) is for others")
        try hold(claims.scopes?.contains("read") == true, "\(input.quoted) may not read")
        try hold(claims.expiresAt.map { $0 > Double(now) } == true, "\(input.quoted) has expired")
        let tier = claims["tier"].map { $0.text ?? $0.source }
        try hold(["gold", "7", "true"].contains(tier), "\(input.quoted) has another tier")
    }

    private static func signed(_ payload: [UInt8]) -> [UInt8] {
        let text = Base64.url.encode(header) + [UInt8(ascii: ".")] + payload
        let code = HMAC<SHA256>.authenticationCode(for: text, using: SymmetricKey(data: secret))
        return text + [UInt8(ascii: ".")] + Base64.url.encode(Array(code))
    }

    private static var keys: KeySet? {
        guard let material = try? KeyMaterial(secret: secret),
            let key = try? VerificationKey(id: nil, material: material)
        else { return nil }
        return KeySet([key])
    }
}
