/// How a listener speaks TLS: with which certificates, versions and clients.
public struct ServerTLS: Sendable, Hashable {
    /// Which versions and cipher suites are spoken, by the names that Mozilla's server-side TLS guidelines gave them.
    public enum Policy: Sendable, Hashable {
        /// TLS 1.3 alone.
        case modern
        /// TLS 1.3, and TLS 1.2 with forward secrecy and authenticated encryption.
        case intermediate
    }

    /// Never empty. The first one answers clients that name no host, or one that no certificate has.
    public var certificates: [ServerCertificate]
    /// The versions and cipher suites.
    public var policy: Policy
    /// Whether clients may choose HTTP/2 (ALPN `h2`).
    public var http2: Bool
    /// Whether clients have certificates of their own; `nil` does not ask for any.
    public var clients: ClientAuthentication?
    /// What `Strict-Transport-Security` says in every answer; `nil` leaves the field to backends.
    public var strictTransport: StrictTransport?

    /// Makes settings; the default is the intermediate policy with HTTP/2 and without client certificates.
    public init(
        certificates: [ServerCertificate],
        policy: Policy = .intermediate,
        http2: Bool = true,
        clients: ClientAuthentication? = nil,
        strictTransport: StrictTransport? = nil
    ) {
        self.certificates = certificates
        self.policy = policy
        self.http2 = http2
        self.clients = clients
        self.strictTransport = strictTransport
    }
}

/// A certificate with its private key, and the hosts that it answers for.
public struct ServerCertificate: Sendable, Hashable {
    /// The certificate and its intermediates, the certificate first, in PEM.
    public var chain: NamedContent
    /// The private key, in PEM.
    public var key: Secret
    /// Where the key comes from, and where it is named.
    public var keyName: NamedPlace
    /// The hosts that are answered with it; empty for those that the certificate itself names.
    public var hosts: [HostPattern]

    /// Makes a certificate of the contents of files.
    public init(chain: NamedContent, key: Secret, keyName: NamedPlace, hosts: [HostPattern] = []) {
        self.chain = chain
        self.key = key
        self.keyName = keyName
        self.hosts = hosts
    }
}

/// How clients prove who they are with certificates (mutual TLS).
public struct ClientAuthentication: Sendable, Hashable {
    /// The certificates that clients' certificates lead to, in PEM.
    public var authorities: NamedContent
    /// Whether a client without a certificate is turned away.
    public var isRequired: Bool
    /// How many intermediate certificates may stand between a client's certificate and an authority's.
    public var depth: Int
    /// Lists of revoked certificates (RFC 5280, 5), in PEM or DER; `nil` asks for none.
    public var revocations: NamedContent?

    /// Makes settings; certificates are required, with at most one intermediate.
    public init(
        authorities: NamedContent,
        isRequired: Bool = true,
        depth: Int = 1,
        revocations: NamedContent? = nil
    ) {
        self.authorities = authorities
        self.isRequired = isRequired
        self.depth = depth
        self.revocations = revocations
    }
}

/// What browsers are told of using HTTPS alone (HTTP Strict Transport Security, RFC 6797).
public struct StrictTransport: Sendable, Hashable {
    /// How long a browser remembers it; whole seconds. Zero makes it forget.
    public var maximumAge: Duration
    /// Whether it goes for all subdomains.
    public var includesSubdomains: Bool
    /// Whether browsers may bring the domain along in their lists.
    public var mayBePreloaded: Bool

    /// Makes a statement about the host alone, unless more is said.
    public init(maximumAge: Duration, includesSubdomains: Bool = false, mayBePreloaded: Bool = false) {
        self.maximumAge = maximumAge
        self.includesSubdomains = includesSubdomains
        self.mayBePreloaded = mayBePreloaded
    }
}
