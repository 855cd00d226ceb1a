/// Why a token is not taken. Nothing of the token is in it.
public enum TokenFailure: Error, Sendable, Hashable {
    /// It is no token.
    case malformed(TokenFault)
    /// Its algorithm is none of ours, or not that of the key that it names.
    case algorithmRefused
    /// It names no key, or one that the issuer does not have: time to ask the issuer again.
    case unknownKey
    /// The signature is not by that key, or of another token.
    case wrongSignature
    /// The header's `typ` is another.
    case wrongType
    /// `iss` is another.
    case wrongIssuer
    /// It is meant for somebody else.
    case wrongAudience
    /// Its time is over.
    case expired
    /// Its time has not come.
    case notYetValid
    /// It was made in the future.
    case issuedInFuture
    /// A claim that must be there is not: its name.
    case missingClaim(String)
    /// A claim has another value than it must have, or one of another type: its name.
    case wrongClaim(String)
    /// It is good, and does not allow this.
    case insufficientScope
}

/// What is wrong with the form of a token.
public enum TokenFault: Sendable, Hashable {
    /// It is longer than `CompactToken.mostBytes`, or its header than its own limit.
    case tooLong
    /// It has not exactly two dots.
    case notThreeParts
    /// The header is no JSON object in base64url, or has members of wrong types.
    case header
    /// The header names extensions that must be understood.
    case criticalExtension
    /// The payload is no JSON object in base64url.
    case payload
    /// The signature is no base64url, or is empty.
    case signature
}

extension TokenFailure {
    /// The stable text of the log and the metrics.
    public var cause: StaticString {
        switch self {
        case .malformed: "authorizer.malformed-token"
        case .algorithmRefused: "authorizer.refused-algorithm"
        case .unknownKey: "authorizer.unknown-key"
        case .wrongSignature: "authorizer.wrong-signature"
        case .wrongType: "authorizer.wrong-token-type"
        case .wrongIssuer: "authorizer.wrong-issuer"
        case .wrongAudience: "authorizer.wrong-audience"
        case .expired: "authorizer.expired-token"
        case .notYetValid: "authorizer.early-token"
        case .issuedInFuture: "authorizer.token-from-future"
        case .missingClaim: "authorizer.missing-claim"
        case .wrongClaim: "authorizer.wrong-claim"
        case .insufficientScope: "authorizer.insufficient-scope"
        }
    }

    /// 401, or 403 where another token of the same bearer would do.
    public var status: Int { self == .insufficientScope ? 403 : 401 }

    /// The `error` of a challenge (RFC 6750, 3.1).
    public var errorCode: StaticString { self == .insufficientScope ? "insufficient_scope" : "invalid_token" }

    /// The `error_description` of a challenge. A claim is not named in it: which claims we look at is ours to know.
    public var errorDescription: StaticString {
        switch self {
        case .malformed: "the token is malformed"
        case .algorithmRefused: "the token's algorithm is not accepted"
        case .unknownKey: "the token's key is not known"
        case .wrongSignature: "the token's signature is not valid"
        case .wrongType: "the token does not have a valid type"
        case .wrongIssuer: "the token does not have a valid issuer"
        case .wrongAudience: "the token does not have a valid audience"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .issuedInFuture: "the token was issued in the future"
        case .missingClaim, .wrongClaim: "the token does not have the required claims"
        case .insufficientScope: "the token does not have a required scope"
        }
    }

    /// The value of `WWW-Authenticate` (RFC 6750, 3).
    /// - Parameter scopes: what the route asks for. A name that is no scope token (RFC 6749, 3.3) is left out.
    public func challenge(scopes: [String] = []) -> String {
        let names = scopes.filter { name in
            !name.isEmpty && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        }
        return """
            Bearer scope="\(names.joined(separator: " "))" error="\(errorCode)" \
            error_description="\(errorDescription)"
            """
    }
}
