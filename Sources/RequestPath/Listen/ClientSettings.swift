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
    let connections: Int
    let trustedProxies: [AddressRange]
    let http2: HTTP2Settings

    /// Makes settings from a model's limits.
    public init(limits: Limits, trustedProxies: [AddressRange], names: FieldNameTable) {
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
        connections = limits.connections
        self.trustedProxies = trustedProxies
        http2 = HTTP2Settings(limits)
    }

    /// Whether what a peer says of its own clients is believed.
    func trusts(_ peer: borrowing PeerAddress) -> Bool {
        guard !trustedProxies.isEmpty else { return false }
        return peer.withBytes { bytes in trustedProxies.contains { $0.contains(bytes) } }
    }
}
