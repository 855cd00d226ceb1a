import NIOCore
import NIOSSL

/// A configuration made ready for workers: what takes long or can fail is done.
public struct RedisPlan: Sendable {
    /// What it was made from.
    public let configuration: RedisConfiguration
    let context: NIOSSLContext?

    /// Reads the authorities of TLS, which takes milliseconds: not for an event loop.
    /// - Throws: what of the TLS settings can't be used.
    public init(_ configuration: RedisConfiguration) throws(RedisTLSFault) {
        self.configuration = configuration
        if let tls = configuration.tls { context = try tls.context() } else { context = nil }
    }

    func handler(_ context: NIOSSLContext) throws -> NIOSSLClientHandler {
        // Without a name, the certificate must have the numeric address that was connected to.
        let isNumeric = (try? SocketAddress(ipAddress: configuration.host, port: 0)) != nil
        let name = configuration.tls?.serverName ?? (isNumeric ? nil : configuration.host)
        return try NIOSSLClientHandler(context: context, serverHostname: name)
    }
}
