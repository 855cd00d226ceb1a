/// A Redis server that counts quotas for several gateways.
public struct QuotaServer: Sendable, Hashable {
    /// `redis://host:port/database`, or `rediss://` for TLS.
    public var url: String
    /// The user of the server's access list; `nil` for its default user.
    public var user: String?
    /// The user's password; `nil` when the server wants none.
    public var password: Secret?
    /// Whether calls pass uncounted while the server can't be asked, or are refused with 503.
    public var opensOnFailure: Bool
    /// Where it was declared.
    public var source: SourceLocation?

    /// Names a server.
    public init(
        url: String,
        user: String? = nil,
        password: Secret? = nil,
        opensOnFailure: Bool = false,
        source: SourceLocation? = nil
    ) {
        self.url = url
        self.user = user
        self.password = password
        self.opensOnFailure = opensOnFailure
        self.source = source
    }
}
