import Credentials
import Crypto
public import Exchange
import Model

/// The customers that the file declares, and those that operators add while the gateway runs.
final class CustomerDirectory: Sendable {
    private let declared: CustomerTable
    private let fingerprinter: KeyFingerprinter
    /// Of the file's customers, by the keys' ids.
    let signers: [String: Signer]
    /// Of the file's customers, by what certificates say, as `ClientCertificate.names` has it.
    let certificateHolders: [String: [CertificateHolder]]

    struct Signer: Sendable {
        let key: MessageKey
        let customer: KnownCustomer
    }

    struct CertificateHolder: Sendable {
        let issuer: String?
        let customer: KnownCustomer
    }

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
        do throws(Faults) { signers = try Self.signers(of: customers, declared) } catch {
            faults += error.all
            signers = [:]
        }
        do throws(Faults) { certificateHolders = try Self.certificateHolders(of: customers, declared) } catch {
            faults += error.all
            certificateHolders = [:]
        }
        guard faults.isEmpty else { throw Faults(faults) }
        self.declared = declared
        self.fingerprinter = fingerprinter
    }

    private static func signers(
        of customers: [Customer],
        _ table: CustomerTable
    ) throws(Faults) -> [String: Signer] {
        var faults: [Fault] = []
        var signers: [String: Signer] = [:]
        for customer in customers {
            guard let known = table.customer(id: customer.id, isSandbox: false) else { continue }
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
        }
        guard faults.isEmpty else { throw Faults(faults) }
        return signers
    }

    private static func certificateHolders(
        of customers: [Customer],
        _ table: CustomerTable
    ) throws(Faults) -> [String: [CertificateHolder]] {
        var faults: [Fault] = []
        var holders: [String: [CertificateHolder]] = [:]
        for customer in customers {
            guard let known = table.customer(id: customer.id, isSandbox: false) else { continue }
            for certificate in customer.certificates {
                let name = text(of: certificate.name)
                let holder = CertificateHolder(issuer: certificate.issuer, customer: known)
                let isTaken = holders[name]?.contains { other in
                    other.issuer == holder.issuer || other.issuer == nil || holder.issuer == nil
                }
                if isTaken == true {
                    faults.append(Fault("this certificate is declared twice", at: certificate.source, text: name))
                }
                holders[name, default: []].append(holder)
            }
        }
        guard faults.isEmpty else { throw Faults(faults) }
        return holders
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
