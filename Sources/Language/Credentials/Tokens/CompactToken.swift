/// A signed token in the compact form (RFC 7515, 7.1), taken apart, and not yet believed.
///
/// Only `alg`, `kid`, `typ` and `crit` of its header are read: keys that a token brings along, or says where to fetch
/// (`jwk`, `jku`, `x5c`, `x5u`), are never looked at.
public struct CompactToken: Sendable {
    /// The algorithm that the header names.
    public let algorithm: TokenAlgorithm
    /// The key that the header names.
    public let keyID: String?
    let keyIDBytes: [UInt8]?
    let type: [UInt8]?
    let payload: [UInt8]
    let signature: [UInt8]
    /// Header and payload as they were written, with the dot between them: what is signed.
    let signed: [UInt8]

    /// The most bytes that a token may have.
    public static let mostBytes = 16 << 10
    /// The most bytes of its header, in base64url.
    public static let mostHeaderBytes = 4 << 10

    /// Takes a token apart.
    public init(_ text: Span<UInt8>) throws(TokenFailure) {
        guard text.count <= Self.mostBytes else { throw .malformed(.tooLong) }
        let dot = UInt8(ascii: ".")
        guard let first = text.firstIndex(of: dot), let second = text.firstIndex(of: dot, from: first + 1),
            text.firstIndex(of: dot, from: second + 1) == nil
        else { throw .malformed(.notThreeParts) }
        guard first <= Self.mostHeaderBytes else { throw .malformed(.tooLong) }
        guard let header = Base64.url.decode(text.extracting(0..<first)) else { throw .malformed(.header) }
        (algorithm, keyIDBytes, type) = try Self.read(header)
        keyID = keyIDBytes.map { String(decoding: $0, as: UTF8.self) }
        guard let payload = Base64.url.decode(text.extracting((first + 1)..<second)) else {
            throw .malformed(.payload)
        }
        guard let signature = Base64.url.decode(text.extracting((second + 1)..<text.count)), !signature.isEmpty else {
            throw .malformed(.signature)
        }
        self.payload = payload
        self.signature = signature
        signed = text.extracting(0..<second).array
    }

    private static func read(
        _ header: [UInt8]
    ) throws(TokenFailure) -> (algorithm: TokenAlgorithm, keyID: [UInt8]?, type: [UInt8]?) {
        guard let document = try? JSONDocument(header, limits: .tokenHeader), document.root.isObject else {
            throw .malformed(.header)
        }
        let root = document.root
        guard let name = root["alg"]?.textBytes else { throw .malformed(.header) }
        guard let algorithm = TokenAlgorithm(name) else { throw .algorithmRefused }
        // Extensions that must be understood (RFC 7515, 4.1.11); we know none.
        guard root["crit"] == nil else { throw .malformed(.criticalExtension) }
        var keyID: [UInt8]?
        if let value = root["kid"] {
            guard let text = value.textBytes else { throw .malformed(.header) }
            keyID = text
        }
        var type: [UInt8]?
        if let value = root["typ"] {
            guard let text = value.textBytes else { throw .malformed(.header) }
            type = text
        }
        return (algorithm, keyID, type)
    }

    /// What the token says about itself. Good for the choice of the issuer whose keys decide, and for nothing else.
    public func unverifiedClaims() throws(TokenFailure) -> Claims {
        guard let document = try? JSONDocument(payload, limits: .claims), document.root.isObject else {
            throw .malformed(.payload)
        }
        return Claims(root: document.root)
    }

    /// Checks the signature with the key that the token names.
    public func verified(by keys: KeySet, algorithms: TokenAlgorithms = .all) throws(TokenFailure) -> VerifiedToken {
        guard algorithms.contains(algorithm) else { throw .algorithmRefused }
        guard let key = keys.key(id: keyIDBytes, algorithm: algorithm) else { throw .unknownKey }
        guard key.allows(algorithm) else { throw .algorithmRefused }
        guard key.material.isValid(signature, of: signed.span, by: algorithm.scheme) else { throw .wrongSignature }
        return VerifiedToken(
            claims: try unverifiedClaims(),
            algorithm: algorithm,
            keyID: key.id,
            type: type.map { String(decoding: $0, as: UTF8.self) }
        )
    }
}

/// A token whose signature holds. There is no other way to make one than to check it. Its claims are not checked yet:
/// `ClaimRules` does that.
public struct VerifiedToken: Sendable {
    /// What the issuer says.
    public let claims: Claims
    /// How it was signed.
    public let algorithm: TokenAlgorithm
    /// The key's id in the key set; what was decided by it ends when that key is withdrawn.
    public let keyID: String?
    /// The header's `typ`.
    public let type: String?

    fileprivate init(claims: Claims, algorithm: TokenAlgorithm, keyID: String?, type: String?) {
        self.claims = claims
        self.algorithm = algorithm
        self.keyID = keyID
        self.type = type
    }
}
