import Credentials
import Crypto

/// The input is a set of keys, a key in PEM, and the coordinates of a point.
/// - Every member of a set is a key or was skipped, and no more than the limit; ids are unique.
/// - A key of a set is good for an algorithm, of those that its kind has, and is no secret.
/// - A key that is read from PEM is of a kind and size that is taken, wherever its lines end.
enum KeysProperty {
    static func check(_ input: [UInt8]) throws(Violation) {
        if let set = try? KeySet(document: input) { try check(set, input) }
        let text = String(decoding: input, as: UTF8.self)
        if let key = try? KeyMaterial(pem: text) {
            try checkPublic(key, input)
            let again = (try? KeyMaterial(pem: text + "\n"))?.kind
            try hold(again == key.kind, "\(input.quoted) is another key with a line end")
        }
        let half = Array(input.prefix(32))
        let rest = Array(input.dropFirst(32).prefix(32))
        let point = (try? KeyMaterial(curve: .p256, x: half, y: rest)) != nil
        let isPoint =
            half.count == 32 && rest.count == 32
            && (try? P256.Signing.PublicKey(x963Representation: [4] + half + rest)) != nil
        try hold(point == isPoint, "\(half + rest) is \(point ? "taken" : "refused") as a point")
    }

    private static func check(_ set: KeySet, _ input: [UInt8]) throws(Violation) {
        let document = try? JSONDocument(input, limits: .keySet)
        let count = document?.root["keys"]?.elements?.count
        try hold(
            set.keys.count + set.skipped.count == count,
            "\(input.quoted) has members that are neither keys nor skipped"
        )
        try hold(set.keys.count <= KeySet.mostKeys, "\(input.quoted) has too many keys")
        let ids = set.keys.compactMap { $0.id.map { Array($0.utf8) } }
        try hold(Set(ids).count == ids.count, "\(input.quoted) has an id twice")
        try hold(
            ids.allSatisfy { $0.count <= VerificationKey.mostIDBytes },
            "\(input.quoted) has an id that is too long"
        )
        for key in set.keys {
            try checkPublic(key.material, input)
            let algorithms = TokenAlgorithm.allCases.filter(key.allows).map(\.rawValue)
            try hold(!algorithms.isEmpty, "\(input.quoted) has a key for nothing")
            let isSecret = algorithms.contains { $0.hasPrefix("HS") }
            try hold(!isSecret, "\(input.quoted) has a public key that is a secret, too")
        }
        let indices = set.skipped.map(\.index)
        try hold(
            indices == indices.sorted() && Set(indices).count == indices.count,
            "\(input.quoted) skips a key twice"
        )
    }

    private static func checkPublic(_ key: KeyMaterial, _ input: [UInt8]) throws(Violation) {
        if case .secret = key.kind { throw Violation(description: "\(input.quoted) is read as a secret") }
    }
}
