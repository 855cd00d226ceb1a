/// The algorithms of message signatures (RFC 9421, 3.3).
public enum MessageAlgorithm: String, Sendable, Hashable, CaseIterable {
    case rsaPSS = "rsa-pss-sha512"
    case rsaPKCS1 = "rsa-v1_5-sha256"
    case hmac = "hmac-sha256"
    case ecdsaP256 = "ecdsa-p256-sha256"
    case ecdsaP384 = "ecdsa-p384-sha384"
    case ed25519 = "ed25519"

    var scheme: SignatureScheme {
        switch self {
        case .rsaPSS: .rsaPSS(.sha512)
        case .rsaPKCS1: .rsaPKCS1(.sha256)
        case .hmac: .hmac(.sha256)
        case .ecdsaP256: .ecdsa(.sha256)
        case .ecdsaP384: .ecdsa(.sha384)
        case .ed25519: .ed25519
        }
    }
}

/// A customer's key for message signatures, and the one algorithm that it is for. A request's `alg` may repeat it, never
/// choose it.
public struct MessageKey: Sendable {
    /// The key itself.
    public let material: KeyMaterial
    /// What it is for.
    public let algorithm: MessageAlgorithm

    /// Makes a key; without an algorithm, for the first one of its kind: of RSA that is `rsa-pss-sha512`.
    public init(_ material: KeyMaterial, algorithm: MessageAlgorithm? = nil) throws(KeyFault) {
        let suiting = MessageAlgorithm.allCases.filter { $0.scheme.suits(material.kind) }
        guard let first = suiting.first else { throw .unsupportedKind("\(material.kind)") }
        if let algorithm, !suiting.contains(algorithm) { throw .unsupportedAlgorithm(algorithm.rawValue) }
        self.material = material
        self.algorithm = algorithm ?? first
    }
}
