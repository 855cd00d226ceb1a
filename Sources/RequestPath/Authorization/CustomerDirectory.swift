import Credentials
import Crypto
public import Exchange
import Model

/// The customers that the file declares, and those that operators add while the gateway runs.
final class CustomerDirectory: Sendable {
    private let declared: CustomerTable
    private let fingerprinter: KeyFingerprinter
    /// Of the file's customers, by the keys' ids.
    let signers: [String: CustomerTable.Signer]
    /// Of the file's customers, by what certificates say, as `ClientCertificate.names` has it.
    let certificateHolders: [String: [CustomerTable.CertificateHolder]]

    /// - Throws: keys and users that two customers share, and hashes that can't be checked.
    init(_ customers: [Customer], sandbox: [Customer] = [], fingerprinter: KeyFingerprinter) throws(Faults) {
        var declared = CustomerTable(fingerprinter: fingerprinter)
        var faults: [Fault] = []
        for (customers, isSandbox) in [(customers, false), (sandbox, true)] {
            for customer in customers {
                if declared.customer(id: customer.id, isSandbox: isSandbox) != nil {
                    faults.append(Fault("two customers have this id", at: customer.source, text: customer.id))
                }
                do throws(Faults) { try declared.put(customer, isSandbox: isSandbox) } catch { faults += error.all }
            }
        }
        guard faults.isEmpty else { throw Faults(faults) }
        self.declared = declared
        self.fingerprinter = fingerprinter
        signers = Dictionary(
            customers.flatMap(\.signingKeys).compactMap { key in declared.signer(key.id).map { (key.id, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
        certificateHolders = Dictionary(
            customers.flatMap(\.certificates).map { ($0.name.text, declared.holders(of: $0.name.text)) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Of the file alone.
    func declaredCustomer(id: String, isSandbox: Bool) -> KnownCustomer? {
        declared.customer(id: id, isSandbox: isSandbox)
    }

    func customer(id: String, isSandbox: Bool, on worker: WorkerContext) -> KnownCustomer? {
        declared.customer(id: id, isSandbox: isSandbox)
            ?? worker.liveCustomers?.customer(id: id, isSandbox: isSandbox)
    }

    func user(named name: String, on worker: WorkerContext) -> CustomerTable.User? {
        declared.user(named: name) ?? worker.liveCustomers?.user(named: name)
    }

    func key(_ text: Span<UInt8>, on worker: WorkerContext) -> CustomerTable.Key? {
        var hash = SHA256()
        unsafe text.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        let digest = Array(hash.finalize())
        let fingerprint = fingerprinter.fingerprint(of: digest.span)
        return declared.key(fingerprint) ?? worker.liveCustomers?.key(fingerprint)
    }

    /// Of the customers that are managed while the gateway runs alone.
    func liveSigner(_ keyID: String, on worker: WorkerContext) -> CustomerTable.Signer? {
        worker.liveCustomers?.signer(keyID)
    }

    /// Of the customers that are managed while the gateway runs alone.
    func liveHolders(of certificate: String, on worker: WorkerContext) -> [CustomerTable.CertificateHolder] {
        worker.liveCustomers?.holders(of: certificate) ?? []
    }

    /// What the check of a password costs when there is no such user.
    func costOfUnknown(on worker: WorkerContext) -> ScryptCost {
        declared.costOfUnknown ?? worker.liveCustomers?.costOfUnknown ?? .standard
    }

    /// A keyed hash of credentials, to keep decisions by without keeping a password.
    func digest(of credentials: Span<UInt8>) -> [UInt8] {
        Array(fingerprinter.fingerprint(of: credentials).description.utf8)
    }
}

/// What one worker knows of the customers that operators change while the gateway runs.
private final class LiveCustomers {
    let table: CustomerTable

    init(_ table: CustomerTable) { self.table = table }
}

extension WorkerContext {
    /// What a worker knows of these customers is kept under this, whatever snapshot it serves.
    public static let liveCustomersKey = StepMemoryKey()

    fileprivate var liveCustomers: CustomerTable? {
        (memory(of: Self.liveCustomersKey) as? LiveCustomers)?.table
    }

    /// Has authorizers on this worker know these customers, beside those of the file, from the next request on. A table that
    /// comes after a newer one, since changes and reloads overtake each other, changes nothing.
    public func adopt(_ live: CustomerTable) {
        remember(LiveCustomers(.newer(liveCustomers, live)), under: Self.liveCustomersKey)
    }
}
