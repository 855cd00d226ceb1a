public import Exchange
public import Model
import Wire

/// What a worker's client connections go by; replaced as a whole by a reload.
public final class ClientSettings {
    let parser: RequestParser
    let trailers: TrailerFilter
    let bodyBytes: Int
    let headTimeout: UInt64
    let keepAliveTimeout: UInt64
    let bodyIdleTimeout: UInt64
    let rates: TransferRates
    let requestsPerConnection: Int
    /// Client connections of the process.
    public let connectionLimit: Int
    let connectionsPerAddress: Int
    let trustedProxies: [AddressRange]
    let http2: ClientHTTP2Settings

    /// What one address gets at least where the model sets no limit for it.
    private static let leastPerAddress = 64

    /// Makes settings from a model's limits.
    /// - Parameter connections: what holds for the limit of connections where the model sets none.
    public init(
        limits: Limits,
        trustedProxies: [AddressRange],
        names: FieldNameTable,
        connections standardConnections: Int = 65_536
    ) {
        let head = HeadLimits(
            lineBytes: limits.requestLineBytes,
            headBytes: limits.headBytes,
            fieldCount: limits.headerCount
        )
        parser = RequestParser(limits: head, names: names)
        trailers = TrailerFilter(names: names)
        bodyBytes = limits.bodyBytes
        headTimeout = limits.headTimeout.nanoseconds
        keepAliveTimeout = limits.keepAliveTimeout.nanoseconds
        bodyIdleTimeout = limits.bodyIdleTimeout.nanoseconds
        rates = TransferRates(limits)
        requestsPerConnection = limits.requestsPerConnection == 0 ? .max : limits.requestsPerConnection
        connectionLimit = limits.connections ?? standardConnections
        connectionsPerAddress =
            limits.connectionsPerAddress ?? min(max(connectionLimit / 4, Self.leastPerAddress), connectionLimit)
        self.trustedProxies = trustedProxies
        http2 = ClientHTTP2Settings(limits)
    }

    /// Whether a peer may say by the PROXY protocol who its client is: any may, where no proxies are named.
    func mayProxy(_ peer: borrowing PeerAddress) -> Bool {
        guard !trustedProxies.isEmpty else { return true }
        return trusts(peer)
    }

    /// Whether what a peer says of its own clients is believed.
    func trusts(_ peer: borrowing PeerAddress) -> Bool {
        guard !trustedProxies.isEmpty else { return false }
        return peer.withBytes { bytes in trustedProxies.contains { $0.contains(bytes) } }
    }
}
