import Credentials
import Model

/// Makes keys for message signatures of what customers declare.
enum SigningKeys {
    /// - Throws: what is wrong with a key; nothing of the key is in it.
    static func key(_ declared: Customer.SigningKey) throws(Fault) -> MessageKey {
        let algorithm = declared.algorithm.flatMap { MessageAlgorithm(rawValue: $0) }
        let place: String
        do throws(KeyFault) {
            switch declared.form {
            case .secret(let secret):
                let bytes = secret.withText { Array($0.utf8) }
                return try MessageKey(KeyMaterial(secret: bytes), algorithm: algorithm)
            case .publicKey(let content): return try MessageKey(material(of: content), algorithm: algorithm)
            }
        } catch {
            if case .publicKey(let content) = declared.form { place = content.name } else { place = declared.id }
            throw Fault("this is no key for signatures: \(error)", at: declared.source, text: place)
        }
    }

    /// A JWK begins with a brace, which nothing in PEM does.
    private static func material(of content: NamedContent) throws(KeyFault) -> KeyMaterial {
        let isJSON = content.bytes.first { $0 > 0x20 } == UInt8(ascii: "{")
        guard isJSON else { return try KeyMaterial(pem: String(decoding: content.bytes, as: UTF8.self)) }
        let document = Array("{\"keys\":[".utf8) + content.bytes + Array("]}".utf8)
        guard let set = try? KeySet(document: document) else { throw .notPEM }
        guard let key = set.keys.first else { throw set.skipped.first?.fault ?? .notAKey }
        return key.material
    }
}
