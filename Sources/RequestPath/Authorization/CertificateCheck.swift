import Exchange
import Model
import NIOCore

/// A customer's certificate, which the listener has verified in the TLS handshake.
///
/// All that a certificate can say was put together when its connection was opened, and all decisions when the configuration was
/// read: a request looks up a few names.
struct CertificateCheck: CallerCheck {
    private struct Holder: Sendable {
        let issuer: String?
        let decision: Decision
        let isSuspended: Bool
    }

    let name: String
    let memories: [StepMemoryKey] = []
    let isSameForAllRoutes = true
    private let customers: CustomerDirectory
    /// Those of the file, with what is decided about them.
    private let holders: [String: [Holder]]

    private static let missing = Denial(403, "authorizer.missing-certificate", isMissing: true)
    private static let unknown = Denial(403, "authorizer.unknown-certificate")

    init(_ authorizer: Authorizer, customers: CustomerDirectory) {
        name = authorizer.name
        self.customers = customers
        holders = customers.certificateHolders.mapValues { holders in
            holders.map { Self.holder($0, authorizer: authorizer.name) }
        }
    }

    private static func holder(_ holder: CustomerTable.CertificateHolder, authorizer: String) -> Holder {
        let principal = Principal(
            authorizer: authorizer,
            customer: holder.customer.id,
            labels: holder.customer.labels,
            plan: holder.customer.plan,
            isSandbox: holder.customer.isSandbox
        )
        return Holder(
            issuer: holder.issuer,
            decision: Decision(principal, customer: holder.customer),
            isSuspended: holder.customer.isSuspended
        )
    }

    func check(_ exchange: Exchange, now: UInt64) -> CheckOutcome {
        guard let certificate = exchange.clientCertificate else { return .denied(Self.missing) }
        var found: Holder?
        for (index, name) in certificate.names.enumerated() {
            guard let holder = holder(of: name, issuer: certificate.issuer, on: exchange.worker) else { continue }
            // One certificate that names two customers: neither may be taken for the other.
            let isOther = found.map { $0.decision.customer !== holder.decision.customer }
            if isOther == true { return .denied(.twoCustomers) }
            found = holder
            // Its hash is of this certificate alone, whatever its names say.
            if index == 0 { break }
        }
        guard let found else { return .denied(Self.unknown) }
        if found.isSuspended { return .denied(.suspended) }
        return found.decision.settled(for: exchange).outcome
    }

    private func holder(of certificate: String, issuer: String, on worker: WorkerContext) -> Holder? {
        for holder in holders[certificate] ?? [] where holder.issuer == nil || holder.issuer == issuer { return holder }
        for holder in customers.liveHolders(of: certificate, on: worker)
        where holder.issuer == nil || holder.issuer == issuer {
            return Self.holder(holder, authorizer: name)
        }
        return nil
    }
}
