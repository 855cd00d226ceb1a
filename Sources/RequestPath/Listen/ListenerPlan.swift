public import Model

/// A listener compiled for the workers: which protocols its connections go through before their first request.
///
/// Immutable and shared by all workers; a reload replaces it, and connections that are open keep the one that they came with.
public final class ListenerPlan: Sendable {
    /// What was compiled.
    public let listener: Listener

    /// Compiles a listener.
    /// - Throws: what makes it impossible to serve.
    public init(_ listener: Listener) throws(Fault) {
        self.listener = listener
    }

    /// Whether the first bytes of a connection may be those of HTTP/1.1 and of no other protocol.
    var isPlainHTTP1: Bool { !listener.http2 }
}
