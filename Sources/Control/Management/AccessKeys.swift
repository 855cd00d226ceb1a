public import AWSWire
public import Credentials
public import EntityStore

/// The keys with which requests to the management APIs are signed. They are kept encrypted, since who verifies a signature needs the
/// secret itself.
public struct AccessKeys: Sendable {
    private let store: any EntityStore
    private let sealing: SealingKeys
    static let kind = "AccessKey"

    /// Makes the keys of a store.
    /// - Parameter sealing: encrypts the secrets.
    public init(store: any EntityStore, sealing: SealingKeys) {
        self.store = store
        self.sealing = sealing
    }

    /// The key of an id; `nil` when there is none.
    /// - Throws: what the store says, or a `SealingFault` when the key was encrypted with another one.
    public func find(_ id: String) async throws -> AccessKey? {
        let key = Self.key(id)
        guard let sealed = try await store.transaction({ try $0.entity(key)?.document["secret"]?.string }) else {
            return nil
        }
        return AccessKey(id: id, secret: String(decoding: try sealing.open(sealed, for: Self.owner(id)), as: UTF8.self))
    }

    /// Makes a key when there is none at all.
    /// - Returns: the key that was made; `nil` when there are some. Its secret is never told again.
    public func makeFirst() async throws -> AccessKey? {
        let made = AccessKey(
            id: "AKIA" + Self.random(16, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
            secret: Self.random(40, of: Self.signs)
        )
        let sealed = try sealing.seal(Array(made.secret.utf8), for: Self.owner(made.id))
        return try await store.transaction { transaction in
            guard try transaction.entities(kind: Self.kind, parent: "", region: "").isEmpty else { return nil }
            try transaction.put(Self.key(made.id), ["secret": .string(sealed)], name: nil)
            return made
        }
    }

    private static let signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    private static func random(_ count: Int, of signs: String) -> String {
        let signs = Array(signs)
        var random = SystemRandomNumberGenerator()
        return String((0..<count).map { _ in signs[Int.random(in: 0..<signs.count, using: &random)] })
    }

    private static func key(_ id: String) -> EntityKey { EntityKey(region: "", kind: kind, id: id) }

    private static func owner(_ id: String) -> SealingKeys.Owner { SealingKeys.Owner(customer: "", credential: id) }
}
