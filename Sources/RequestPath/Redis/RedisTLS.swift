public import Model
import NIOCore
import NIOSSL

/// How a server is spoken to over TLS. By default its certificate must be signed by one of the system's authorities and
/// be for the host of the URL, or for the numeric address that this stands for.
public struct RedisTLS: Sendable, Hashable {
    /// The authorities to trust in place of the system's, as PEM.
    public var authorities: [UInt8]?
    /// The name that the certificate must have in place of the host.
    public var serverName: String?
    /// Off, anybody can pose as the server. For tests only.
    public var isVerified = true
    /// The certificate chain that this side shows, as PEM.
    public var chain: [UInt8]?
    /// The key of that certificate, as PEM that is not encrypted.
    public var key: Secret?

    /// The defaults.
    public init() {}

    /// Compiles the settings; reads files, so not for an event loop.
    /// - Throws: what can't be used.
    func context() throws(RedisTLSFault) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.renegotiationSupport = .none
        configuration.shutdownTimeout = .seconds(1)
        if !isVerified { configuration.certificateVerification = .none }
        if let authorities {
            configuration.trustRoots = .certificates(try Self.certificates(authorities, orThrow: .authorities))
        }
        if let chain, let key {
            let certificates = try Self.certificates(chain, orThrow: .chain)
            configuration.certificateChain = certificates.map { .certificate($0) }
            let privateKey = key.withText { text in
                // A passphrase is never asked for on the terminal.
                try? NIOSSLPrivateKey(bytes: Array(text.utf8), format: .pem) { $0([UInt8]()) }
            }
            guard let privateKey else { throw .key }
            configuration.privateKey = .privateKey(privateKey)
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .context("\(error)")
        }
    }

    private static func certificates(
        _ pem: [UInt8],
        orThrow fault: RedisTLSFault
    ) throws(RedisTLSFault) -> [NIOSSLCertificate] {
        guard let found = try? NIOSSLCertificate.fromPEMBytes(pem), !found.isEmpty else { throw fault }
        return found
    }
}

/// What of the TLS settings can't be used.
public enum RedisTLSFault: Error, Sendable, Hashable {
    /// There is no certificate among the authorities.
    case authorities
    /// There is no certificate in this side's chain.
    case chain
    /// This side's key is no PEM, or is encrypted.
    case key
    /// The parts do not belong together, in the TLS library's words.
    case context(String)
}
