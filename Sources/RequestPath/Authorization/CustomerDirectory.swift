import Credentials
import Crypto
import Exchange
import Model

/// A customer as authorizers know it.
final class KnownCustomer: Sendable {
    let id: String
    let isSuspended: Bool
    let addresses: [AddressRange]
    let labels: [Principal.Fact]

    init(_ customer: Customer) {
        id = customer.id
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

    struct Signer: Sendable {
        let key: MessageKey
        let customer: KnownCustomer
    }

    /// By the keys' ids.
    let signers: [String: Signer]
    struct CertificateHolder: Sendable {
        let issuer: String?
        let customer: KnownCustomer
    }

    /// By what certificates say, as `ClientCertificate.names` has it.
    let certificateHolders: [String: [CertificateHolder]]
    private let customers: [String: KnownCustomer]
    private let keys: [KeyFingerprint: Key]
    private let users: [String: User]
    /// What the check of a password costs when there is no such user: what it costs for most who there are.
    let costOfUnknown: ScryptCost
    private let fingerprinter: KeyFingerprinter

    /// - Throws: keys and users that two customers share, and hashes that can't be checked.
    init(_ declared: [Customer]) throws(Faults) {
        var random = SystemRandomNumberGenerator()
        let secret = (0..<KeyFingerprinter.leastKeyBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        guard let fingerprinter = KeyFingerprinter(key: secret) else { preconditionFailure("the key is long enough") }
        self.fingerprinter = fingerprinter
        var faults: [Fault] = []
        var customers: [String: KnownCustomer] = [:]
        var keys: [KeyFingerprint: Key] = [:]
        var users: [String: User] = [:]
        var signers: [String: Signer] = [:]
        var holders: [String: [CertificateHolder]] = [:]
        for customer in declared {
            let known = KnownCustomer(customer)
            if customers.updateValue(known, forKey: customer.id) != nil {
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
            for key in customer.signingKeys {
                do throws(Fault) {
                    let signer = Signer(key: try SigningKeys.key(key), customer: known)
                    if signers.updateValue(signer, forKey: key.id) != nil {
                        faults.append(Fault("two signing keys have this id", at: key.source, text: key.id))
                    }
                } catch {
                    faults.append(error)
                }
            }
            for certificate in customer.certificates {
                let name = Self.text(of: certificate.name)
                let known = CertificateHolder(issuer: certificate.issuer, customer: known)
                let isTaken = holders[name]?.contains { other in
                    other.issuer == known.issuer || other.issuer == nil || known.issuer == nil
                }
                if isTaken == true {
                    faults.append(Fault("this certificate is declared twice", at: certificate.source, text: name))
                }
                holders[name, default: []].append(known)
            }
            for password in customer.passwords {
                do throws(PasswordHashFault) {
                    let hash = try password.hash.withText { (text) throws(PasswordHashFault) in try PasswordHash(text) }
                    let user = User(name: password.user, hash: hash, customer: known)
                    if users.updateValue(user, forKey: password.user) != nil {
                        faults.append(Fault("two customers have this user", at: password.source, text: password.user))
                    }
                } catch {
                    faults.append(Fault(Self.sentence(error), at: password.source, text: password.user))
                }
            }
        }
        guard faults.isEmpty else { throw Faults(faults) }
        self.customers = customers
        self.keys = keys
        self.users = users
        self.signers = signers
        certificateHolders = holders
        var counts: [ScryptCost: Int] = [:]
        for user in users.values { counts[user.hash.cost, default: 0] += 1 }
        costOfUnknown = counts.max { $0.value < $1.value }?.key ?? .standard
    }

    func customer(id: String) -> KnownCustomer? { customers[id] }

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

    private static func text(of name: Customer.Certificate.Name) -> String {
        switch name {
        case .sha256(let text): "sha256:" + text
        case .subject(let text): "subject:" + text
        case .dns(let text): "dns:" + text.lowercased()
        case .uri(let text): "uri:" + text
        case .email(let text): "email:" + text
        }
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
