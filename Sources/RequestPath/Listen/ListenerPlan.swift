public import Model

/// A listener compiled for the workers: which protocols its connections go through before their first request.
///
/// Immutable and shared by all workers; a reload replaces it, and connections that are open keep the one that they came with.
public final class ListenerPlan: Sendable {
    /// What was compiled.
    public let listener: Listener
    /// How TLS is spoken; `nil` for a listener without TLS.
    let tls: TLSPlan?
    /// What the listener itself does with requests and answers; `nil` when that is nothing.
    let entrance: Entrance?

    /// Compiles a listener. Reads certificates and makes TLS contexts, which takes milliseconds.
    /// - Parameter former: a plan of the same socket, which gives its TLS contexts when they serve on.
    /// - Throws: what makes it impossible to serve.
    public init(_ listener: Listener, former: ListenerPlan? = nil) throws(Fault) {
        self.listener = listener
        entrance = Entrance(listener)
        if let settings = listener.tls {
            if let known = former?.tls, known.settings == settings {
                tls = known
            } else {
                tls = try TLSPlan(settings)
            }
        } else {
            tls = nil
        }
    }

    /// The certificates that it serves with.
    public var certificates: [CertificateStatus] { tls?.certificates ?? [] }

    /// Whether the first bytes of a connection may be those of HTTP/1.1 and of no other protocol.
    var isPlainHTTP1: Bool { !listener.http2 && tls == nil && entrance == nil }
}
