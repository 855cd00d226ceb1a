internal import Crypto
internal import CryptoExtras

/// The stored form of a password: `$scrypt$ln=15,r=8,p=1$SALT$HASH`, with salt and hash in base64 without padding.
///
/// A check takes tens of milliseconds and megabytes of memory, on purpose: never on an event loop.
public struct PasswordHash: Sendable, CustomStringConvertible {
    /// What a check costs.
    public let cost: ScryptCost
    private let salt: [UInt8]
    private let hash: [UInt8]

    static let saltBytes = 8...64
    static let hashBytes = 16...64
    /// The most bytes of a stored text.
    static let mostBytes = 256

    /// Hashes a password with a random salt; `nil` for one of fewer than 1 or more than
    /// `BasicCredentials.mostPasswordBytes` bytes, or with a zero among them.
    public init?(of password: [UInt8], cost: ScryptCost = .standard) {
        guard Self.canBePassword(password) else { return nil }
        var random = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        guard let hash = Self.derive(password, salt: salt, byteCount: 32, cost: cost) else { return nil }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    /// Reads a stored text.
    public init(_ text: String) throws(PasswordHashFault) {
        guard text.utf8.count <= Self.mostBytes else { throw .notInForm }
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard parts.count > 1, parts[0].isEmpty else { throw .notInForm }
        guard parts[1].elementsEqual("scrypt".utf8) else { throw .unknownFunction }
        guard parts.count == 5 else { throw .notInForm }
        guard let numbers = Self.numbers(parts[2]) else { throw .notInForm }
        guard let cost = ScryptCost(logRounds: numbers[0], blockSize: numbers[1], lanes: numbers[2]) else {
            throw .unacceptableCost
        }
        guard let salt = Base64.unpadded.decode(Array(parts[3])), Self.saltBytes.contains(salt.count),
            let hash = Base64.unpadded.decode(Array(parts[4])), Self.hashBytes.contains(hash.count)
        else { throw .notInForm }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    private init(cost: ScryptCost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// The stored text.
    public var description: String {
        let salt = String(decoding: Base64.unpadded.encode(salt), as: UTF8.self)
        let hash = String(decoding: Base64.unpadded.encode(hash), as: UTF8.self)
        return "$scrypt$ln=\(cost.logRounds),r=\(cost.blockSize),p=\(cost.lanes)$\(salt)$\(hash)"
    }

    /// Whether this is the hash of a password. The time does not depend on whether it is, nor on how long it is.
    public func matches(_ password: [UInt8]) -> Bool {
        // What nobody's password can be costs the same.
        let isPossible = Self.canBePassword(password)
        let derived = Self.derive(isPossible ? password : [0], salt: salt, byteCount: hash.count, cost: cost)
        guard let derived else { return false }
        return derived.span.equalsInConstantTime(hash.span) && isPossible
    }

    /// Whether a password is the one of a user; of a user that is not known (`nil`), never, and in the same time as of
    /// one whose hash has this cost.
    public static func check(_ password: [UInt8], against hash: PasswordHash?, costOfUnknown: ScryptCost) -> Bool {
        let decoy = PasswordHash(cost: costOfUnknown, salt: decoySalt, hash: decoyHash)
        let matches = (hash ?? decoy).matches(password)
        return matches && hash != nil
    }

    private static let decoySalt = [UInt8]("no user has this".utf8)
    private static let decoyHash = [UInt8](repeating: 0, count: 32)

    /// scrypt begins with HMAC under the password, which fills short keys up with zeros: "a" and "a\0" hash the same.
    private static func canBePassword(_ password: [UInt8]) -> Bool {
        (1...BasicCredentials.mostPasswordBytes).contains(password.count) && !password.contains(0)
    }

    private static func derive(_ password: [UInt8], salt: [UInt8], byteCount: Int, cost: ScryptCost) -> [UInt8]? {
        let key = try? KDF.Scrypt.deriveKey(
            from: password,
            salt: salt,
            outputByteCount: byteCount,
            rounds: 1 << cost.logRounds,
            blockSize: cost.blockSize,
            parallelism: cost.lanes
        )
        return unsafe key?.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// The numbers of `ln=15,r=8,p=1`, in this order and without leading zeros.
    private static func numbers(_ text: ArraySlice<UInt8>) -> [Int]? {
        let fields = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count == 3 else { return nil }
        var numbers: [Int] = []
        for (field, name) in zip(fields, ["ln=", "r=", "p="]) {
            let digits = field.dropFirst(name.utf8.count)
            guard field.starts(with: name.utf8), (1...2).contains(digits.count), digits.allSatisfy(\.isDigit),
                digits.first != UInt8(ascii: "0")
            else { return nil }
            numbers.append(digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
        }
        return numbers
    }
}

/// Why a text is no password's hash that we can check.
public enum PasswordHashFault: Error, Sendable, Hashable {
    /// It is not of the form `$scrypt$ln=…,r=…,p=…$SALT$HASH`.
    case notInForm
    /// It is of another function.
    case unknownFunction
    /// It would cost more, or less, than `ScryptCost` allows.
    case unacceptableCost
}
