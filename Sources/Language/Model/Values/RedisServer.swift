/// A Redis server that holds what several gateways share: counts of quotas, shared rates, nonces.
public struct RedisServer: Sendable, Hashable {
    /// `redis://host:port/database`, or `rediss://` for TLS.
    public var url: String
    /// The user of the server's access list; `nil` for its default user.
    public var user: String?
    /// The user's password; `nil` when the server wants none.
    public var password: Secret?
    /// Where it was declared.
    public var source: SourceLocation?

    /// Names a server.
    public init(url: String, user: String? = nil, password: Secret? = nil, source: SourceLocation? = nil) {
        self.url = url
        self.user = user
        self.password = password
        self.source = source
    }
}
