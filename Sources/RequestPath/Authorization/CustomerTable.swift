public import Credentials
import Crypto
public import Model

/// Customers, and all that they are known by. A copy is cheap to change: what the file declares, and what operators change while
/// the gateway runs, are each a table.
///
/// Keys are found by keyed hashes, so that the time it takes tells nothing about any of them.
public struct CustomerTable: Sendable {
    struct Key: Sendable {
        let id: String?
        let customer: KnownCustomer
    }

    struct User: Sendable {
        let name: String
        let hash: PasswordHash
        let customer: KnownCustomer
    }

    /// A customer, and under what its credentials stand in the other maps.
    private struct Entry: Sendable {
        let customer: KnownCustomer
        var keys: [KeyFingerprint] = []
        var users: [String] = []
    }

    /// A customer has other credentials for sandboxes, and so is another one there.
    private struct Name: Hashable, Sendable {
        let id: String
        let isSandbox: Bool
    }

    private let fingerprinter: KeyFingerprinter
    private var customers = ShardedMap<Name, Entry>()
    private var keys = ShardedMap<KeyFingerprint, Key>()
    private var users = ShardedMap<String, User>()
    private var passwordCosts: [ScryptCost: Int] = [:]
    /// Counts the changes, so that of two copies the newer one can be told.
    private var revision: UInt64 = 0

    /// Makes an empty table.
    /// - Parameter fingerprinter: makes the hashes that keys are found by.
    public init(fingerprinter: KeyFingerprinter) { self.fingerprinter = fingerprinter }

    /// How many customers there are.
    public var count: Int { customers.count }

    // MARK: Changes

    /// Takes a customer in, in place of the one with the same id. Decisions about that one hold no longer.
    /// - Parameter isSandbox: whether these are the credentials for sandboxes.
    /// - Throws: all keys and users that another customer has, and all hashes that can't be checked. The table then is as it was.
    public mutating func put(_ customer: Customer, isSandbox: Bool = false) throws(Faults) {
        let known = KnownCustomer(customer, isSandbox: isSandbox)
        let credentials = try credentials(of: customer, known)
        let name = Name(id: customer.id, isSandbox: isSandbox)
        remove(name)
        var entry = Entry(customer: known)
        for (fingerprint, key) in credentials.keys {
            keys[fingerprint] = key
            entry.keys.append(fingerprint)
        }
        for user in credentials.users.values {
            users[user.name] = user
            passwordCosts[user.hash.cost, default: 0] += 1
            entry.users.append(user.name)
        }
        customers[name] = entry
        revision += 1
    }

    /// Lets go of a customer. Decisions about it hold no longer.
    public mutating func remove(_ id: String) { remove(Name(id: id, isSandbox: false)) }

    private mutating func remove(_ name: Name) {
        guard let entry = customers[name] else { return }
        for key in entry.keys { keys[key] = nil }
        for name in entry.users {
            if let user = users[name] { passwordCosts[user.hash.cost, default: 1] -= 1 }
            users[name] = nil
        }
        customers[name] = nil
        entry.customer.withdraw()
        revision += 1
    }

    private func credentials(
        of customer: Customer,
        _ known: KnownCustomer
    ) throws(Faults) -> (keys: [KeyFingerprint: Key], users: [String: User]) {
        var faults: [Fault] = []
        var found: (keys: [KeyFingerprint: Key], users: [String: User]) = ([:], [:])
        for key in customer.apiKeys {
            guard let fingerprint = fingerprint(of: key) else {
                faults.append(Fault("expected 64 hexadecimal digits in lower case", at: key.source))
                continue
            }
            let isAnothers = keys[fingerprint].map { !$0.customer.isSame(known) } ?? false
            let former = found.keys.updateValue(Key(id: key.id, customer: known), forKey: fingerprint)
            if isAnothers || former != nil {
                faults.append(Fault("this API key is declared twice", at: key.source, text: key.id))
            }
        }
        for password in customer.passwords {
            do throws(PasswordHashFault) {
                let hash = try password.hash.withText { (text) throws(PasswordHashFault) in try PasswordHash(text) }
                let isAnothers = users[password.user].map { !$0.customer.isSame(known) } ?? false
                let user = User(name: password.user, hash: hash, customer: known)
                let former = found.users.updateValue(user, forKey: password.user)
                if isAnothers || former != nil {
                    let rule = "two customers have this user, or one and their sandbox"
                    faults.append(Fault(rule, at: password.source, text: password.user))
                }
            } catch {
                faults.append(Fault(Self.sentence(error), at: password.source, text: password.user))
            }
        }
        guard faults.isEmpty else { throw Faults(faults) }
        return found
    }

    // MARK: Questions

    /// The newer of two copies of one table.
    public static func newer(_ one: CustomerTable?, _ other: CustomerTable) -> CustomerTable {
        guard let one, one.revision > other.revision else { return other }
        return one
    }

    /// Whether a customer has this id.
    public func contains(_ id: String) -> Bool { customer(id: id, isSandbox: false) != nil }

    /// The plan of a customer; `nil` when it has none, or there is no such customer.
    public func plan(of id: String) -> String? { customer(id: id, isSandbox: false)?.plan }

    func customer(id: String, isSandbox: Bool) -> KnownCustomer? {
        customers[Name(id: id, isSandbox: isSandbox)]?.customer
    }

    func user(named name: String) -> User? { users[name] }

    func key(_ fingerprint: KeyFingerprint) -> Key? { keys[fingerprint] }

    /// What the check of a password costs when there is no such user: what it costs for most who there are.
    /// `nil` when nobody has a password.
    var costOfUnknown: ScryptCost? { passwordCosts.filter { $0.value > 0 }.max { $0.value < $1.value }?.key }

    private func fingerprint(of key: Customer.APIKey) -> KeyFingerprint? {
        switch key.form {
        case .secret(let secret):
            let digest = secret.withText { Array(SHA256.hash(data: Array($0.utf8))) }
            return fingerprinter.fingerprint(of: digest.span)
        case .sha256(let text):
            guard let digest = Hexadecimal.decode(text), digest.count == 32 else { return nil }
            return fingerprinter.fingerprint(of: digest.span)
        case .fingerprint(let text): return KeyFingerprint(text)
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
