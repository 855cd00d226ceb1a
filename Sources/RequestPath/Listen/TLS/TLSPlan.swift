import Model
import NIOCore
import NIOSSL
import Wire

/// A listener's TLS compiled for the workers: a context for each certificate, and which one a client gets.
///
/// Contexts are made off the workers' loops, shared by all workers and kept across reloads that do not change them, so that
/// clients can resume their sessions: the keys of session tickets live in the context.
final class TLSPlan: Sendable {
    /// What was compiled.
    let settings: ServerTLS
    /// What operators want to know of the certificates.
    let certificates: [CertificateStatus]
    /// `nil` when clients are not asked for certificates.
    let verifier: ClientVerifier?
    /// By the host's name, and wildcards by what follows `*`; the candidates for each in the order of preference.
    private let exact: [String: [Candidate]]
    private let wildcards: [String: [Candidate]]
    private let fallback: [Candidate]

    private struct Candidate: Sendable {
        var context: NIOSSLContext
        /// What the client's list has to hold; `nil` suits every client.
        var signatureScheme: UInt16?
    }

    /// How long a connection that we close waits for the client to say that it closes, too.
    private static let shutdownTimeout = TimeAmount.seconds(1)

    /// Reads certificates and keys, and makes contexts of them.
    init(_ settings: ServerTLS) throws(Fault) {
        self.settings = settings
        var verifier: ClientVerifier?
        if let clients = settings.clients { verifier = try ClientVerifier(clients) }
        self.verifier = verifier
        var exact: [String: [Candidate]] = [:]
        var wildcards: [String: [Candidate]] = [:]
        var certificates: [CertificateStatus] = []
        var firstNames: [String] = []
        var first: [Candidate] = []
        for certificate in settings.certificates {
            let pair = try CertifiedKey(certificate)
            let context = try Self.context(for: pair, of: certificate, settings, verifier)
            let candidate = Candidate(context: context, signatureScheme: pair.signatureScheme)
            certificates.append(pair.status)
            if first.isEmpty {
                first = [candidate]
                firstNames = pair.names
            } else if !firstNames.isEmpty, firstNames.contains(where: pair.names.contains) {
                first.append(candidate)
            }
            for name in pair.names {
                if name.hasPrefix("*.") {
                    wildcards[String(name.dropFirst()), default: []].append(candidate)
                } else {
                    exact[name, default: []].append(candidate)
                }
            }
        }
        self.certificates = certificates
        self.exact = exact.mapValues(Self.inOrder)
        self.wildcards = wildcards.mapValues(Self.inOrder)
        fallback = Self.inOrder(first)
    }

    /// The context for a client: by the exact name, by a wildcard for its first label, or the first certificate's; among
    /// those for a name the first whose signature the client can verify. `nil` is a client that can't be understood.
    func context(for hello: ClientHello?) -> NIOSSLContext? {
        let candidates = candidates(for: hello?.serverName)
        let suitable = candidates.first { candidate in
            guard let scheme = candidate.signatureScheme else { return true }
            return hello?.accepts(signatureScheme: scheme) ?? false
        }
        return (suitable ?? candidates.last)?.context
    }

    private func candidates(for name: String?) -> [Candidate] {
        guard let name else { return fallback }
        if let candidates = exact[name] { return candidates }
        if let dot = name.firstIndex(of: "."), let candidates = wildcards[String(name[dot...])] { return candidates }
        return fallback
    }

    /// RSA last: its signatures cost a server twenty times as much.
    private static func inOrder(_ candidates: [Candidate]) -> [Candidate] {
        candidates.filter { $0.signatureScheme != nil } + candidates.filter { $0.signatureScheme == nil }
    }

    // MARK: Contexts

    private static func context(
        for pair: CertifiedKey,
        of certificate: ServerCertificate,
        _ settings: ServerTLS,
        _ verifier: ClientVerifier?
    ) throws(Fault) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: pair.chain.map { .certificate($0) },
            privateKey: .privateKey(pair.key)
        )
        switch settings.policy {
        case .modern: configuration.minimumTLSVersion = .tlsv13
        case .intermediate: configuration.minimumTLSVersion = .tlsv12
        }
        // Of TLS 1.2; the suites of TLS 1.3 are all sound and not chosen.
        configuration.cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
        configuration.applicationProtocols = settings.http2 ? ["h2", "http/1.1"] : ["http/1.1"]
        configuration.shutdownTimeout = shutdownTimeout
        if let clients = settings.clients, let verifier {
            configuration.certificateVerification = clients.isRequired ? .noHostnameVerification : .optionalVerification
            configuration.trustRoots = .certificates(verifier.authorities)
            configuration.sendCANameList = true
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            // Each was read, so what can't be loaded is the one beside the other.
            let isMismatch = error as? NIOSSLError == .failedToLoadPrivateKey
            throw Fault(
                isMismatch
                    ? "the key does not belong to the first certificate of \(certificate.chain.name)"
                    : "the certificate and its key can't be used (\(error))",
                at: certificate.keyName.source,
                text: certificate.keyName.name
            )
        }
    }
}
