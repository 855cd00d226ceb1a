import Credentials
import Model

/// What `POST /customers/ID/signing-keys` takes: `{"id": "acme-2027"}` has a secret made, `"secret"` or `"public_key"` beside it is
/// the key, and `"algorithm"` the one that it is for.
enum SigningKeyRequest {
    private static let rule = """
        expected {"id": "KEYID"} to have a secret made, with "secret" or "public_key" (PEM or a JWK, as text) to give the key, and \
        maybe "algorithm"
        """
    private static let members = ["id", "secret", "public_key", "algorithm"]
    private static let mostIDBytes = 256

    /// - Throws: `Refused` with what was expected. Nothing of a secret is in it.
    static func key(in object: [String: Any]) throws(Refused) -> NewSigningKey {
        guard object.keys.allSatisfy({ members.contains($0) }), object.values.allSatisfy({ $0 is String }),
            let id = object["id"] as? String, object["secret"] == nil || object["public_key"] == nil
        else { throw Refused(reason: rule) }
        guard (1...mostIDBytes).contains(id.utf8.count), id.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw Refused(reason: "a key's id has 1…\(mostIDBytes) visible characters")
        }
        let algorithm = object["algorithm"] as? String
        if let algorithm, MessageAlgorithm(rawValue: algorithm) == nil {
            let known = MessageAlgorithm.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            throw Refused(reason: "there is no algorithm \(algorithm): \(known)")
        }
        var form = NewSigningKey.Form.made
        if let secret = object["secret"] as? String { form = .secret(Secret(secret)) }
        if let key = object["public_key"] as? String { form = .publicKey(key) }
        return NewSigningKey(id: id, form: form, algorithm: algorithm)
    }
}

/// A request that asks for what can't be.
struct Refused: Error {
    var reason: String
}
