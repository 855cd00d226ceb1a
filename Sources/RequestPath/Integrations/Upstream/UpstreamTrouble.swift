/// What operators should know of a backend and no request's line in the access log explains: why TLS to it fails, and when it
/// or one of its targets is left alone.
///
/// Each worker tells what it sees itself. What keeps a backend from being asked also keeps this from being told often.
public struct UpstreamTrouble: Sendable, Hashable {
    /// The backend's name.
    public var backend: String
    /// `host:port`, with the address when the host is a name; `nil` when it is about the backend as a whole.
    public var target: String?
    /// What is wrong, or no longer is, without a full stop.
    public var reason: String
    /// Whether this says that a trouble is over.
    public var isOver = false
}

/// Takes what operators should know of backends. Called on workers' loops, so it must not block.
public typealias UpstreamReport = @Sendable (UpstreamTrouble) -> Void
