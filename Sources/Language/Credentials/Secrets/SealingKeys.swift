internal import Crypto
internal import FoundationEssentials

/// The keys under which secrets that we must be able to read (those of HMAC) are kept: AES-256 in GCM.
///
/// What is sealed for one credential of one customer opens for no other, so who can write to the store cannot give
/// somebody's secret to somebody else.
public struct SealingKeys: Sendable {
    /// Whose secret it is.
    public struct Owner: Sendable, Hashable {
        /// The customer's id.
        public var customer: String
        /// The id of the customer's credential.
        public var credential: String

        /// Makes an owner.
        public init(customer: String, credential: String) {
            self.customer = customer
            self.credential = credential
        }
    }

    /// The id of the key that seals.
    public let currentID: String
    private let keys: [String: SymmetricKey]

    /// Bytes of each key.
    public static let keyBytes = 32
    /// The most bytes of a key's id: letters, digits, `-` and `_`.
    public static let mostIDBytes = 32
    /// The most bytes of a secret.
    public static let mostSecretBytes = 4096
    /// Starts every sealed text, and says how it is made.
    private static let version = "gcm1"

    /// Makes a set of keys.
    /// - Parameters:
    ///   - current: seals; opens what it has sealed.
    ///   - earlier: only open, until everything is sealed anew.
    public init(
        current: (id: String, key: [UInt8]),
        earlier: [(id: String, key: [UInt8])] = []
    ) throws(SealingFault) {
        var keys: [String: SymmetricKey] = [:]
        for (id, key) in [current] + earlier {
            guard (1...Self.mostIDBytes).contains(id.utf8.count), id.utf8.allSatisfy(Self.isIDByte) else {
                throw .unusableKeyID
            }
            guard key.count == Self.keyBytes else { throw .wrongKeySize }
            guard keys.updateValue(SymmetricKey(data: key), forKey: id) == nil else { throw .duplicateKeyID }
        }
        currentID = current.id
        self.keys = keys
    }

    /// Seals a secret: `gcm1.KEYID.TEXT`, where the text is nonce, ciphertext and tag in base64url.
    public func seal(_ secret: [UInt8], for owner: Owner) throws(SealingFault) -> String {
        guard secret.count <= Self.mostSecretBytes else { throw .secretTooLong }
        let associated = Self.associated(keyID: currentID, owner)
        guard let key = keys[currentID],
            let combined = try? AES.GCM.seal(secret, using: key, authenticating: associated).combined
        else { throw .doesNotOpen }
        let text = String(decoding: Base64.url.encode(combined), as: UTF8.self)
        return "\(Self.version).\(currentID).\(text)"
    }

    /// Opens what was sealed for that owner.
    public func open(_ sealed: String, for owner: Owner) throws(SealingFault) -> [UInt8] {
        let (id, combined) = try Self.parts(of: sealed)
        guard let key = keys[id] else { throw .unknownKey(id) }
        guard let box = try? AES.GCM.SealedBox(combined: combined),
            let secret = try? AES.GCM.open(box, using: key, authenticating: Self.associated(keyID: id, owner))
        else { throw .doesNotOpen }
        return [UInt8](secret)
    }

    /// Whether a text was sealed by an earlier key, so that it should be sealed anew.
    public func isOutdated(_ sealed: String) -> Bool {
        guard let (id, _) = try? Self.parts(of: sealed) else { return false }
        return id != currentID
    }

    private static func parts(of sealed: String) throws(SealingFault) -> (id: String, combined: [UInt8]) {
        // Six bits a digit; nonce and tag have 28 bytes.
        guard sealed.utf8.count <= (mostSecretBytes + 28) / 3 * 4 + mostIDBytes + 16 else { throw .notInForm }
        let parts = sealed.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == version, let combined = Base64.url.decode(Array(parts[2].utf8)) else {
            throw .notInForm
        }
        return (String(parts[1]), combined)
    }

    /// What a sealed text is bound to; each part after its length, so that no two owners give the same bytes.
    private static func associated(keyID: String, _ owner: Owner) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in [version, keyID, owner.customer, owner.credential] {
            let count = UInt64(part.utf8.count)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
            bytes += part.utf8
        }
        return bytes
    }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}

/// Why a secret cannot be sealed or opened.
public enum SealingFault: Error, Sendable, Hashable {
    /// A key of other than 32 bytes.
    case wrongKeySize
    /// A key's id that is empty, too long, or has other characters than letters, digits, `-` and `_`.
    case unusableKeyID
    /// Two keys with one id.
    case duplicateKeyID
    /// More than `SealingKeys.mostSecretBytes`.
    case secretTooLong
    /// No `gcm1.KEYID.TEXT`.
    case notInForm
    /// Sealed by a key that is not here: its id.
    case unknownKey(String)
    /// Sealed for another owner, by another key of that name, or changed since.
    case doesNotOpen
}
