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

    struct Signer: Sendable {
        let key: MessageKey
        let customer: KnownCustomer
    }

    struct CertificateHolder: Sendable {
        /// `nil`: any.
        let issuer: String?
        let customer: KnownCustomer
    }

    /// A customer, and under what its credentials stand in the other maps.
    private struct Entry: Sendable {
        let customer: KnownCustomer
        var keys: [KeyFingerprint] = []
        var users: [String] = []
        var signers: [String] = []
        var certificates: [String] = []
    }

    /// A customer has other credentials for sandboxes, and so is another one there.
    private struct Name: Hashable, Sendable {
        let id: String
        let isSandbox: Bool
    }

    let fingerprinter: KeyFingerprinter
    private var customers = ShardedMap<Name, Entry>()
    private var keys = ShardedMap<KeyFingerprint, Key>()
    private var users = ShardedMap<String, User>()
    /// By what signatures say in `keyid`.
    private var signers = ShardedMap<String, Signer>()
    /// By what certificates say, as `ClientCertificate.names` has it.
    private var holders = ShardedMap<String, [CertificateHolder]>()
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
        for (id, signer) in credentials.signers {
            signers[id] = signer
            entry.signers.append(id)
        }
        for (certificate, added) in credentials.holders {
            holders[certificate] = (holders[certificate] ?? []) + added
            entry.certificates.append(certificate)
        }
        customers[name] = entry
        revision += 1
    }

    /// Whether a customer could be taken in; changes nothing.
    /// - Throws: what `put` would.
    public func check(_ customer: Customer, isSandbox: Bool = false) throws(Faults) {
        _ = try credentials(of: customer, KnownCustomer(customer, isSandbox: isSandbox))
    }

    /// Lets go of a customer, in sandboxes, too. Decisions about it hold no longer.
    public mutating func remove(_ id: String) {
        remove(Name(id: id, isSandbox: false))
        remove(Name(id: id, isSandbox: true))
    }

    /// Lets go of a customer where sandboxes know it.
    public mutating func removeFromSandboxes(_ id: String) { remove(Name(id: id, isSandbox: true)) }

    private mutating func remove(_ name: Name) {
        guard let entry = customers[name] else { return }
        for id in entry.signers { signers[id] = nil }
        for certificate in entry.certificates {
            let others = holders[certificate]?.filter { $0.customer !== entry.customer }
            holders[certificate] = others?.isEmpty == true ? nil : others
        }
        for key in entry.keys { keys[key] = nil }
        for name in entry.users {
            if let user = users[name] { passwordCosts[user.hash.cost, default: 1] -= 1 }
            users[name] = nil
        }
        customers[name] = nil
        entry.customer.withdraw()
        revision += 1
    }

    // MARK: Questions

    /// The newer of two copies of one table.
    public static func newer(_ one: CustomerTable?, _ other: CustomerTable) -> CustomerTable {
        guard let one, one.revision > other.revision else { return other }
        return one
    }

    /// Whether a customer has this id.
    public func contains(_ id: String, isSandbox: Bool = false) -> Bool {
        customer(id: id, isSandbox: isSandbox) != nil
    }

    /// The plan of a customer; `nil` when it has none, or there is no such customer.
    public func plan(of id: String, isSandbox: Bool = false) -> String? {
        customer(id: id, isSandbox: isSandbox)?.plan
    }

    func customer(id: String, isSandbox: Bool) -> KnownCustomer? {
        customers[Name(id: id, isSandbox: isSandbox)]?.customer
    }

    func user(named name: String) -> User? { users[name] }

    func key(_ fingerprint: KeyFingerprint) -> Key? { keys[fingerprint] }

    func signer(_ keyID: String) -> Signer? { signers[keyID] }

    func holders(of certificate: String) -> [CertificateHolder] { holders[certificate] ?? [] }

    /// What the check of a password costs when there is no such user: what it costs for most who there are.
    /// `nil` when nobody has a password.
    var costOfUnknown: ScryptCost? { passwordCosts.filter { $0.value > 0 }.max { $0.value < $1.value }?.key }
}
