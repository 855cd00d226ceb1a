/// A key for tokens, with the algorithms that it is for. A token's `alg` only chooses among them.
public struct VerificationKey: Sendable {
    /// What tokens call it in `kid`; `nil` if it has no name.
    public let id: String?
    /// The key itself.
    public let material: KeyMaterial
    let idBytes: [UInt8]?
    private let algorithms: TokenAlgorithms

    /// The most bytes that an id may have.
    public static let mostIDBytes = 256

    /// Makes a key for one algorithm, or, without one, for all that its kind allows.
    public init(id: String?, material: KeyMaterial, algorithm: TokenAlgorithm? = nil) throws(KeyFault) {
        if let id, id.utf8.count > Self.mostIDBytes { throw .unusableID }
        self.id = id
        idBytes = id.map { Array($0.utf8) }
        self.material = material
        let suiting = TokenAlgorithm.allCases.filter { $0.scheme.suits(material.kind) }
        if let algorithm {
            guard suiting.contains(algorithm) else { throw .unsupportedAlgorithm(algorithm.rawValue) }
            algorithms = [algorithm]
        } else {
            algorithms = TokenAlgorithms(suiting)
        }
    }

    /// Whether the key is for an algorithm.
    public func allows(_ algorithm: TokenAlgorithm) -> Bool { algorithms.contains(algorithm) }
}

extension VerificationKey {
    /// Reads a member of a key set (RFC 7517, 4). Only public keys belong there: a secret or a private key that was
    /// published is known to everybody.
    init(jwk: JSONValue) throws(KeyFault) {
        var id: String?
        if let value = jwk["kid"] {
            guard let text = value.text else { throw .unusableID }
            id = text
        }
        guard let kind = jwk["kty"]?.text else { throw .missingMember("kty") }
        guard kind != "oct" else { throw .publishedSecret }
        guard jwk["d"] == nil else { throw .publishedPrivateKey }
        try Self.checkUse(of: jwk)
        let material = try Self.material(of: jwk, kind: kind)
        var algorithm: TokenAlgorithm?
        if let value = jwk["alg"] {
            guard let name = value.text, let known = TokenAlgorithm(rawValue: name) else {
                throw .unsupportedAlgorithm(String(value.source.prefix(32)))
            }
            algorithm = known
        }
        try self.init(id: id, material: material, algorithm: algorithm)
    }

    private static func checkUse(of jwk: JSONValue) throws(KeyFault) {
        if let use = jwk["use"] {
            guard use.text == "sig" else { throw .notForSignatures }
        }
        if let operations = jwk["key_ops"] {
            guard operations.elements?.contains(where: { $0.text == "verify" }) == true else {
                throw .notForSignatures
            }
        }
    }

    private static func material(of jwk: JSONValue, kind: String) throws(KeyFault) -> KeyMaterial {
        func number(_ name: StaticString) throws(KeyFault) -> [UInt8] {
            guard let text = jwk[name]?.textBytes, let bytes = Base64.url.decode(text), !bytes.isEmpty else {
                throw .missingMember("\(name)")
            }
            return bytes
        }
        let curve = jwk["crv"]?.text
        switch (kind, curve) {
        case ("RSA", _):
            return try KeyMaterial(rsaModulus: number("n"), exponent: number("e"))
        case ("EC", "P-256"): return try KeyMaterial(curve: .p256, x: number("x"), y: number("y"))
        case ("EC", "P-384"): return try KeyMaterial(curve: .p384, x: number("x"), y: number("y"))
        case ("EC", "P-521"): return try KeyMaterial(curve: .p521, x: number("x"), y: number("y"))
        case ("OKP", "Ed25519"): return try KeyMaterial(ed25519: number("x"))
        case ("EC", nil), ("OKP", nil): throw .missingMember("crv")
        default:
            let name = curve.map { "\(kind) \($0)" } ?? kind
            throw .unsupportedKind(String(name.prefix(32)))
        }
    }
}
