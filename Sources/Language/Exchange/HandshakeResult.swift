/// How a client's TLS handshake ended, for metrics.
public enum HandshakeResult: Sendable {
    /// The connection is secure.
    case completed(version: StaticString)
    /// It was given up: `no-shared-cipher`, `timeout`. The set of texts is bounded.
    case failed(reason: String)
}
