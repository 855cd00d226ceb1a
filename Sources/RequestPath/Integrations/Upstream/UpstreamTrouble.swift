/// What operators should know of a backend and no request's line in the access log explains: why TLS to it fails.
public struct UpstreamTrouble: Sendable, Hashable {
    /// The backend's name.
    public var backend: String
    /// `host:port`, with the address when the host is a name.
    public var target: String
    /// What is wrong, without a full stop.
    public var reason: String
}

/// Takes what operators should know of backends. Called on workers' loops, so it must not block.
public typealias UpstreamReport = @Sendable (UpstreamTrouble) -> Void
