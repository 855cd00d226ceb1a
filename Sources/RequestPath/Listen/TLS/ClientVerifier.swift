import Exchange
import FoundationEssentials
import Model
import NIOSSL
import SwiftASN1
import X509

/// Why a client's certificate was refused; the text stands in metrics.
enum ClientFault: String, Error {
    case unreadable = "client-certificate-unreadable"
    /// It leads to none of the authorities.
    case untrusted = "client-certificate-untrusted"
    case expired = "client-certificate-expired"
    /// More intermediate certificates than the listener allows.
    case tooDeep = "client-certificate-too-deep"
    /// It says what it is for, and that is not to be a client.
    case otherPurpose = "client-certificate-other-purpose"
    case revoked = "client-certificate-revoked"
    /// An authority on the way has no list of revoked certificates in the file.
    case listMissing = "client-crl-missing"
    /// The list was to be replaced before now.
    case listExpired = "client-crl-expired"
}

/// Verifies clients' certificates by the authorities, depth and revocations of one listener.
final class ClientVerifier: Sendable {
    /// The authorities, for the list of those that a client is asked for.
    let authorities: [NIOSSLCertificate]
    private let roots: CertificateStore
    private let policy: ClientPolicy

    init(_ settings: ClientAuthentication) throws(Fault) {
        let certificates = try PEMCertificates.read(settings.authorities)
        guard !certificates.isEmpty else { throw PEMCertificates.none(in: settings.authorities) }
        authorities = try PEMCertificates.native(certificates, of: settings.authorities)
        roots = CertificateStore(certificates)
        var lists: [RevocationList]?
        if let content = settings.revocations { lists = try RevocationList.read(content, authorities: certificates) }
        policy = ClientPolicy(depth: settings.depth, lists: lists)
    }

    /// Looks for a way from a client's certificate to an authority.
    /// - Parameter chain: what the client sent, its own certificate first.
    /// - Returns: why there is none.
    func fault(in chain: [NIOSSLCertificate]) async -> ClientFault? {
        let certificates = chain.compactMap { try? Certificate(derEncoded: $0.toDERBytes()) }
        guard let leaf = certificates.first, certificates.count == chain.count else { return .unreadable }
        if let fault = Self.fault(inValidityOf: leaf) { return fault }
        var verifier = Verifier(rootCertificates: roots) {
            RFC5280Policy()
            policy
        }
        switch await verifier.validate(leaf: leaf, intermediates: CertificateStore(certificates.dropFirst())) {
        case .validCertificate: return nil
        case .couldNotValidate(let failures):
            return failures.lazy.compactMap { ClientFault(rawValue: $0.policyFailureReason.description) }.first
                ?? .untrusted
        }
    }

    /// What a verified certificate says; `nil` for a client without one.
    ///
    /// A session that was resumed is not verified again, but its certificate may have ended. Other changes make other
    /// contexts, which know nothing of former sessions.
    func identity(of certificate: NIOSSLCertificate?) throws(ClientFault) -> ClientCertificate? {
        guard let certificate else { return nil }
        guard let bytes = try? certificate.toDERBytes(), let leaf = try? Certificate(derEncoded: bytes) else {
            throw .unreadable
        }
        if let fault = Self.fault(inValidityOf: leaf) { throw fault }
        return ClientCertificate(leaf, der: bytes)
    }

    private static func fault(inValidityOf certificate: Certificate) -> ClientFault? {
        let now = Date()
        return now < certificate.notValidBefore || now > certificate.notValidAfter ? .expired : nil
    }
}

/// What is asked of a chain beside RFC 5280's rules of validity and constraints.
private struct ClientPolicy: VerifierPolicy, Sendable {
    let depth: Int
    /// `nil` when revocations are not looked at.
    let lists: [RevocationList]?

    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [.X509ExtensionID.extendedKeyUsage]

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
        guard let fault = fault(in: chain) else { return .meetsPolicy }
        return .failsToMeetPolicy(reason: fault.rawValue)
    }

    private func fault(in chain: UnverifiedCertificateChain) -> ClientFault? {
        // Between the client's certificate and the authority's; the former may be an authority's itself.
        if max(chain.count - 2, 0) > depth { return .tooDeep }
        do {
            // Without the extension a certificate is for every purpose.
            let usages = try chain.leaf.extensions.extendedKeyUsage
            if let usages, !usages.contains(.clientAuth), !usages.contains(.any) { return .otherPurpose }
        } catch {
            return .unreadable
        }
        guard let lists else { return nil }
        for (certificate, issuer) in zip(chain, chain.dropFirst()) {
            if let fault = RevocationList.fault(of: certificate, issuer: issuer, in: lists) { return fault }
        }
        return nil
    }
}
