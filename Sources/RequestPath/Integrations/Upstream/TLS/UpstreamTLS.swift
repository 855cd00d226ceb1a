import Model
import NIOCore
import NIOSSL

/// How a backend's targets are spoken to over TLS, compiled for the workers.
///
/// Its contexts are made off the workers' loops, since reading the system's authorities takes milliseconds, and are shared by all
/// workers. Connections that are open when another one takes its place keep what they began with.
final class UpstreamTLS: Sendable {
    /// What was compiled.
    let settings: Backend.TLS
    private let contexts: [Offer: NIOSSLContext]

    /// The protocols that a handshake offers (ALPN).
    private enum Offer: Hashable {
        case http1
        case http2
        case either

        init(_ target: Backend.Target, _ settings: Backend.TLS) {
            switch target.scheme {
            case .h2, .h2c: self = .http2
            case .http, .https: self = settings.http2 ? .either : .http1
            }
        }

        var protocols: [String] {
            switch self {
            case .http1: ["http/1.1"]
            case .http2: ["h2"]
            case .either: ["h2", "http/1.1"]
            }
        }
    }

    /// How long a connection that is closed waits for the other side to say that it closes, too.
    private static let shutdownTimeout = TimeAmount.seconds(1)

    /// Makes contexts for all targets of a backend that are reached over TLS.
    /// - Throws: a fault at the place where the faulty file is named.
    init(_ backend: Backend) throws(Fault) {
        settings = backend.tls
        var configuration = try Self.configuration(of: backend)
        var contexts: [Offer: NIOSSLContext] = [:]
        var offers = Set(backend.targets.filter(\.scheme.isSecure).map { Offer($0, backend.tls) })
        // Health checks speak HTTP/1.1 to whoever may choose.
        if offers.contains(.either) { offers.insert(.http1) }
        for offer in offers {
            configuration.applicationProtocols = offer.protocols
            do {
                contexts[offer] = try NIOSSLContext(configuration: configuration)
            } catch {
                throw Self.fault(of: error, backend)
            }
        }
        self.contexts = contexts
    }

    /// What encrypts a new connection to a target, and verifies who answers there.
    /// - Parameter mayChoose: whether a target that may choose HTTP/2 is let to.
    func handler(for target: Backend.Target, mayChoose: Bool = true) throws -> NIOSSLClientHandler {
        let offer = Offer(target, settings)
        guard let context = contexts[offer == .either && !mayChoose ? .http1 : offer] else {
            throw NIOSSLError.noCertificateToValidate
        }
        // Without a name, the certificate must have the numeric address that was connected to.
        let isNumeric = IPAddress(target.host) != nil
        let name = settings.serverName ?? (isNumeric ? nil : target.host)
        return try NIOSSLClientHandler(context: context, serverHostname: name)
    }

    // MARK: Settings

    private static func configuration(of backend: Backend) throws(Fault) -> TLSConfiguration {
        let settings = backend.tls
        var configuration = TLSConfiguration.makeClientConfiguration()
        switch settings.policy {
        case .modern: configuration.minimumTLSVersion = .tlsv13
        case .intermediate: configuration.minimumTLSVersion = .tlsv12
        }
        // Of TLS 1.2; the suites of TLS 1.3 are all sound and not chosen.
        configuration.cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
        configuration.shutdownTimeout = shutdownTimeout
        configuration.renegotiationSupport = .none
        if settings.isVerified {
            configuration.trustRoots = try authorities(of: backend)
        } else {
            configuration.certificateVerification = .none
        }
        if let identity = settings.identity {
            configuration.certificateChain = try certificates(in: identity.chain).map { .certificate($0) }
            configuration.privateKey = .privateKey(try key(of: identity))
        }
        return configuration
    }

    private static func authorities(of backend: Backend) throws(Fault) -> NIOSSLTrustRoots {
        if let content = backend.tls.authorities { return .certificates(try certificates(in: content)) }
        #if os(Linux)
        guard let file = SystemAuthorities.file() else {
            throw Fault(
                "this system has no trusted authorities (install ca-certificates, or name a file with tls.ca)",
                at: backend.source,
                text: backend.name
            )
        }
        return .file(file)
        #else
        return .default
        #endif
    }

    private static func certificates(in content: NamedContent) throws(Fault) -> [NIOSSLCertificate] {
        let found = try? NIOSSLCertificate.fromPEMBytes(content.bytes)
        guard let found, !found.isEmpty else {
            throw Fault("no certificate in PEM", at: content.source, text: content.name)
        }
        return found
    }

    private static func key(of identity: Backend.TLS.Identity) throws(Fault) -> NIOSSLPrivateKey {
        let key = identity.key.withText { text in
            // A passphrase is never asked for on the terminal.
            try? NIOSSLPrivateKey(bytes: Array(text.utf8), format: .pem) { $0([UInt8]()) }
        }
        guard let key else {
            let place = identity.keyName
            throw Fault("no private key in PEM that is not encrypted", at: place.source, text: place.name)
        }
        return key
    }

    private static func fault(of error: any Error, _ backend: Backend) -> Fault {
        guard let identity = backend.tls.identity else {
            return Fault("TLS to this backend can't be made ready (\(error))", at: backend.source, text: backend.name)
        }
        // Each of the two was read well before.
        var isMismatch = false
        if case NIOSSLError.failedToLoadPrivateKey = error { isMismatch = true }
        return Fault(
            isMismatch
                ? "the key does not belong to the first certificate of \(identity.chain.name)"
                : "the certificate and its key can't be used (\(error))",
            at: identity.keyName.source,
            text: identity.keyName.name
        )
    }
}
