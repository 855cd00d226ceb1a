/// Why a key cannot be used. The text names no part of the key.
public enum KeyFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// A member that the kind of key needs is missing, or is no text in base64url.
    case missingMember(String)
    /// An RSA modulus of fewer than 2048 or more than 8192 bits: `bits`.
    case wrongSize(bits: Int)
    /// A secret with fewer bytes than the hash of HMAC with SHA-256 has.
    case secretTooShort
    /// A secret longer than 1024 bytes.
    case secretTooLong
    /// The numbers are no key of that kind: a point that is not on the curve, an exponent that is even.
    case notAKey
    /// A kind of key (`kty`), or a curve, that verifies nothing here.
    case unsupportedKind(String)
    /// An algorithm that we do not know, or that is not for this kind of key.
    case unsupportedAlgorithm(String)
    /// `use` or `key_ops` say that it is for something else than to verify signatures.
    case notForSignatures
    /// A secret in a document that is meant to be public.
    case publishedSecret
    /// A private key in a document that is meant to be public.
    case publishedPrivateKey
    /// An earlier key of the set has the same id.
    case duplicateID
    /// An id longer than 256 bytes, or one that is no text.
    case unusableID
    /// Neither PEM nor a public key in it.
    case notPEM

    /// A sentence for a log.
    public var description: String {
        switch self {
        case .missingMember(let name): "the member \"\(name)\" is missing or is no text in base64url"
        case .wrongSize(let bits): "an RSA key of \(bits) bits; 2048 to 8192 are taken"
        case .secretTooShort: "a secret of fewer than 32 bytes"
        case .secretTooLong: "a secret of more than 1024 bytes"
        case .notAKey: "the numbers are no key of this kind"
        case .unsupportedKind(let kind): "keys of the kind \(kind) verify nothing here"
        case .unsupportedAlgorithm(let algorithm):
            "the algorithm \(algorithm) is not known, or not for this kind of key"
        case .notForSignatures: "the key is for something else than to verify signatures"
        case .publishedSecret: "a secret in a public key set"
        case .publishedPrivateKey: "a private key in a public key set"
        case .duplicateID: "an earlier key has the same id"
        case .unusableID: "the id is no text of at most 256 bytes"
        case .notPEM: "no public key in PEM"
        }
    }
}
