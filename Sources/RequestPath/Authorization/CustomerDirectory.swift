import Credentials
import Crypto
import Exchange
import Model

/// A customer as authorizers know it.
final class KnownCustomer: Sendable {
    let id: String
    /// Whether these are the credentials for sandboxes.
    let isSandbox: Bool
    let isSuspended: Bool
    let addresses: [AddressRange]
    let labels: [Principal.Fact]

    init(_ customer: Customer, isSandbox: Bool = false) {
        id = customer.id
        self.isSandbox = isSandbox
        isSuspended = customer.isSuspended
        addresses = customer.addresses
        labels = customer.labels.map { Principal.Fact(name: $0.name, value: $0.value) }
    }
}

/// The customers of a model, by all that they are known by.
///
/// Keys are found by keyed hashes, so that the time it takes tells nothing about any of them.
final class CustomerDirectory: Sendable {
    struct Key: Sendable {
        let id: String?
        let customer: KnownCustomer
    }

    struct User: Sendable {
        let name: String
        let hash: PasswordHash
        let customer: KnownCustomer
    }

    private let customers: [String: KnownCustomer]
    private let sandboxCustomers: [String: KnownCustomer]
    private let keys: [KeyFingerprint: Key]
    private let users: [String: User]
    /// What the check of a password costs when there is no such user: what it costs for most who there are.
    let costOfUnknown: ScryptCost
    private let fingerprinter: KeyFingerprinter

    /// - Throws: keys and users that two customers share, and hashes that can't be checked.
    init(_ declared: [Customer], sandbox: [Customer] = []) throws(Faults) {
        var random = SystemRandomNumberGenerator()
        let secret = (0..<KeyFingerprinter.leastKeyBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        guard let fingerprinter = KeyFingerprinter(key: secret) else { preconditionFailure("the key is long enough") }
        self.fingerprinter = fingerprinter
        var faults: [Fault] = []
        var customers: [String: KnownCustomer] = [:]
        var sandboxCustomers: [String: KnownCustomer] = [:]
        var keys: [KeyFingerprint: Key] = [:]
        var users: [String: User] = [:]
        for (index, customer) in (declared + sandbox).enumerated() {
            let isSandbox = index >= declared.count
            let known = KnownCustomer(customer, isSandbox: isSandbox)
            let former =
                isSandbox
                ? sandboxCustomers.updateValue(known, forKey: customer.id)
                : customers.updateValue(known, forKey: customer.id)
            if former != nil {
                faults.append(Fault("two customers have this id", at: customer.source, text: customer.id))
            }
            for key in customer.apiKeys {
                guard let fingerprint = Self.fingerprint(of: key, fingerprinter) else {
                    faults.append(Fault("expected 64 hexadecimal digits in lower case", at: key.source))
                    continue
                }
                if keys.updateValue(Key(id: key.id, customer: known), forKey: fingerprint) != nil {
                    faults.append(Fault("this API key is declared twice", at: key.source, text: key.id))
                }
            }
            for password in customer.passwords {
                do throws(PasswordHashFault) {
                    let hash = try password.hash.withText { (text) throws(PasswordHashFault) in try PasswordHash(text) }
                    let user = User(name: password.user, hash: hash, customer: known)
                    if users.updateValue(user, forKey: password.user) != nil {
                        let rule = "two customers have this user, or one and their sandbox"
                        faults.append(Fault(rule, at: password.source, text: password.user))
                    }
                } catch {
                    faults.append(Fault(Self.sentence(error), at: password.source, text: password.user))
                }
            }
        }
        guard faults.isEmpty else { throw Faults(faults) }
        self.customers = customers
        self.sandboxCustomers = sandboxCustomers
        self.keys = keys
        self.users = users
        var counts: [ScryptCost: Int] = [:]
        for user in users.values { counts[user.hash.cost, default: 0] += 1 }
        costOfUnknown = counts.max { $0.value < $1.value }?.key ?? .standard
    }

    func customer(id: String, isSandbox: Bool = false) -> KnownCustomer? {
        isSandbox ? sandboxCustomers[id] : customers[id]
    }

    func user(named name: String) -> User? { users[name] }

    func key(_ text: Span<UInt8>) -> Key? {
        var hash = SHA256()
        unsafe text.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        let digest = Array(hash.finalize())
        return keys[fingerprinter.fingerprint(of: digest.span)]
    }

    /// A keyed hash of credentials, to keep decisions by without keeping a password.
    func digest(of credentials: Span<UInt8>) -> [UInt8] {
        Array(fingerprinter.fingerprint(of: credentials).description.utf8)
    }

    private static func fingerprint(of key: Customer.APIKey, _ fingerprinter: KeyFingerprinter) -> KeyFingerprint? {
        guard let digest = digest(of: key) else { return nil }
        return fingerprinter.fingerprint(of: digest.span)
    }

    /// The SHA-256 of a key; `nil` for a stored one that is none.
    private static func digest(of key: Customer.APIKey) -> [UInt8]? {
        switch key.form {
        case .secret(let secret): return secret.withText { Array(SHA256.hash(data: Array($0.utf8))) }
        case .sha256(let text):
            let digits = Array(text.utf8)
            guard digits.count == 64 else { return nil }
            var bytes: [UInt8] = []
            for start in stride(from: 0, to: 64, by: 2) {
                let pair = String(decoding: digits[start..<(start + 2)], as: UTF8.self)
                guard let byte = UInt8(pair, radix: 16) else { return nil }
                bytes.append(byte)
            }
            return bytes
        }
    }

    private static func sentence(_ fault: PasswordHashFault) -> String {
        switch fault {
        case .notInForm: "expected a hash as $scrypt$ln=15,r=8,p=1$SALT$HASH, salt and hash in base64 without padding"
        case .unknownFunction: "only scrypt is read"
        case .unacceptableCost: "its cost is out of bounds: 2^10 to 2^20 rounds, blocks of 1…16, 1…4 lanes, 128 MiB"
        }
    }
}
