import Crypto

@testable import Credentials

/// Makes tokens as an issuer with a key on P-256 would, and as an attacker would.
struct TokenMaker {
    let key = P256.Signing.PrivateKey()

    /// The issuer's key set: the key as `k1`.
    func keySet(algorithm: TokenAlgorithm? = .es256) throws -> KeySet {
        KeySet([try VerificationKey(id: "k1", material: material(), algorithm: algorithm)])
    }

    func material() throws -> KeyMaterial {
        let raw = Array(key.publicKey.rawRepresentation)
        return try KeyMaterial(curve: .p256, x: Array(raw[..<32]), y: Array(raw[32...]))
    }

    func token(header: String = #"{"alg":"ES256","kid":"k1"}"#, claims: String) throws -> [UInt8] {
        let signed = Self.signed(header, claims)
        return signed + [UInt8(ascii: ".")] + Base64.url.encode(try key.signature(for: signed).rawRepresentation)
    }

    /// A token with any signature.
    static func forged(header: String, claims: String, signature: some Sequence<UInt8>) -> [UInt8] {
        signed(header, claims) + [UInt8(ascii: ".")] + Base64.url.encode(Array(signature))
    }

    static func hmac(header: String, claims: String, secret: some Sequence<UInt8>) -> [UInt8] {
        let code = HMAC<SHA256>.authenticationCode(
            for: signed(header, claims),
            using: SymmetricKey(data: Array(secret))
        )
        return forged(header: header, claims: claims, signature: code)
    }

    private static func signed(_ header: String, _ claims: String) -> [UInt8] {
        Base64.url.encode(Array(header.utf8)) + [UInt8(ascii: ".")] + Base64.url.encode(Array(claims.utf8))
    }
}
