extension Backend {
    /// How the targets that are reached over TLS are spoken to.
    public struct TLS: Sendable, Hashable {
        /// The certificates that the targets' certificates lead to, in PEM; `nil` for the system's.
        public var authorities: NamedContent?
        /// The name that is asked for (SNI) and that the certificate must have; `nil` for each target's host.
        public var serverName: String?
        /// Who the gateway proves to be when a target asks; `nil` for nobody.
        public var identity: Identity?
        /// Whether the targets' certificates are verified. Without it whoever answers is believed.
        public var isVerified: Bool
        /// The versions and cipher suites.
        public var policy: ServerTLS.Policy
        /// Whether `https` targets may choose HTTP/2 (ALPN `h2`).
        public var http2: Bool

        /// Makes settings; by default certificates are verified against the system's authorities.
        public init(
            authorities: NamedContent? = nil,
            serverName: String? = nil,
            identity: Identity? = nil,
            isVerified: Bool = true,
            policy: ServerTLS.Policy = .intermediate,
            http2: Bool = false
        ) {
            self.authorities = authorities
            self.serverName = serverName
            self.identity = identity
            self.isVerified = isVerified
            self.policy = policy
            self.http2 = http2
        }

        /// The gateway's own certificate with its private key.
        public struct Identity: Sendable, Hashable {
            /// The certificate and its intermediates, the certificate first, in PEM.
            public var chain: NamedContent
            /// The private key, in PEM.
            public var key: Secret
            /// Where the key comes from, and where it is named.
            public var keyName: NamedPlace

            /// Makes an identity of the contents of files.
            public init(chain: NamedContent, key: Secret, keyName: NamedPlace) {
                self.chain = chain
                self.key = key
                self.keyName = keyName
            }
        }
    }

    /// Whether any target speaks HTTP/2, or may choose to.
    public var mayUseHTTP2: Bool {
        targets.contains { $0.scheme == .h2 || $0.scheme == .h2c || $0.scheme == .https && tls.http2 }
    }

    /// Whether any target is reached over TLS.
    public var usesTLS: Bool { targets.contains { $0.scheme.isSecure } }

    /// Whether targets are believed to be who they say they are, without proof.
    public var trustsAnybody: Bool { usesTLS && !tls.isVerified }
}

extension Backend.Target {
    /// How a target is spoken to: the scheme of its URL.
    public enum Scheme: String, Sendable, Hashable, CaseIterable {
        /// HTTP/1.1.
        case http
        /// HTTP/1.1 over TLS, or HTTP/2 where `Backend.TLS.http2` lets the target choose.
        case https
        /// HTTP/2 over TLS.
        case h2
        /// HTTP/2 from the first byte, without TLS (prior knowledge, RFC 9113, 3.3).
        case h2c

        /// Whether it is spoken over TLS.
        public var isSecure: Bool { self == .https || self == .h2 }

        /// The port of a URL that names none.
        public var defaultPort: Int { isSecure ? 443 : 80 }
    }
}
