/// An element of `listen` as it is written: its files have yet to be read.
struct ListenerDeclaration {
    var listener: Listener
    var tls: TLSDeclaration?
    var redirect: Located<HTTPSTarget>?
    var challengeFolder: Located<String>?
}

/// `listen[].tls` as it is written.
struct TLSDeclaration {
    var certificates: [Located<CertificateDeclaration>]
    var policy: ServerTLS.Policy
    var http2: Bool
    var clients: ClientAuthenticationDeclaration?
    var strictTransport: StrictTransport?
}

/// An element of `listen[].tls.certificates`.
struct CertificateDeclaration {
    var certificate: Located<String>
    var key: Located<String>
    var hosts: [Located<HostPattern>]
}

/// `listen[].tls.client`.
struct ClientAuthenticationDeclaration {
    var authorities: Located<String>
    var isRequired: Bool
    var depth: Int
    var revocations: Located<String>?
}

/// Where `redirect` leads.
enum HTTPSTarget: Equatable {
    /// The first listener with TLS.
    case listener
    case port(Int)
}

extension Shape<ListenerDeclaration> {
    /// An element of `listen`.
    static var listener: Shape {
        .either(
            scalar: Shape<Int>.port.map { ListenerDeclaration(listener: Listener(port: $0)) },
            mapping: .record(
                "a socket with port and address",
                .required("port", .port, "0 lets the system choose."),
                .optional("address", .address, default: Listener(port: 0).address, "The interface to listen on."),
                .optional(
                    "http2",
                    .flag,
                    default: Listener(port: 0).http2,
                    "Whether clients may speak HTTP/2 without TLS, by prior knowledge."
                ),
                .optional(
                    "proxy_protocol",
                    .flag,
                    default: Listener(port: 0).proxyProtocol,
                    "Whether each connection must begin with a PROXY protocol header (version 1 or 2)."
                ),
                .optional("tls", .tls, "Certificates, versions and clients of TLS. Without it, none is spoken."),
                .optional(
                    "redirect",
                    Shape<HTTPSTarget>.httpsTarget.located,
                    "Every request is answered with 308 and its URL at HTTPS: at the first listener with tls, or at a port."
                ),
                .optional(
                    "acme",
                    Shape<String>.text("a folder").located,
                    "The folder that answers /.well-known/acme-challenge/, as certbot's --webroot fills it."
                )
            ) { port, address, http2, proxyProtocol, tls, redirect, challengeFolder in
                ListenerDeclaration(
                    listener: Listener(address: address, port: port, http2: http2, proxyProtocol: proxyProtocol),
                    tls: tls,
                    redirect: redirect,
                    challengeFolder: challengeFolder
                )
            }
        )
    }
}

extension Shape<TLSDeclaration> {
    fileprivate static var tls: Shape {
        .record(
            "a mapping of TLS settings",
            .required(
                "certificates",
                Shape<[Located<CertificateDeclaration>]>.list(of: .certificate, orOne: true),
                "The certificates; the client's server name chooses. The first one is for all other names."
            ),
            .optional(
                "policy",
                .policy,
                default: .intermediate,
                "modern: TLS 1.3 alone. intermediate: TLS 1.2, too, with forward secrecy and AEAD."
            ),
            .optional("http2", .flag, default: true, "Whether clients may choose HTTP/2 (ALPN)."),
            .optional("client", .clientAuthentication, "Clients' certificates. Without it, none is asked for."),
            .optional(
                "hsts",
                .strictTransport,
                "Strict-Transport-Security in every answer, in place of a backend's: a time, or more about it."
            )
        ) { certificates, policy, http2, clients, strictTransport in
            TLSDeclaration(
                certificates: certificates,
                policy: policy,
                http2: http2,
                clients: clients,
                strictTransport: strictTransport
            )
        }
        .checked { tls, node, faults in
            guard case .sequence(let elements) = node["certificates"]?.content, elements.isEmpty else { return }
            faults.add("TLS needs a certificate", at: node["certificates"]?.location ?? node.location)
        }
    }
}

extension Shape<CertificateDeclaration> {
    fileprivate static var certificate: Shape {
        .record(
            "a certificate and its key",
            .required(
                "certificate",
                Shape<String>.text("a file").located,
                "PEM: the certificate, then its intermediates."
            ),
            .required("key", Shape<String>.text("a file").located, "PEM: the private key, not encrypted."),
            .optional(
                "hosts",
                Shape<[Located<HostPattern>]>.list(of: .hostPattern, orOne: true, defaultText: []),
                default: [],
                "The server names that it is for. Without them, those that the certificate itself has."
            )
        ) { certificate, key, hosts in CertificateDeclaration(certificate: certificate, key: key, hosts: hosts) }
    }
}

extension Shape<ServerTLS.Policy> {
    fileprivate static var policy: Shape { .choice([("modern", .modern), ("intermediate", .intermediate)]) }
}

extension Shape<ClientAuthenticationDeclaration> {
    fileprivate static var clientAuthentication: Shape {
        .record(
            "a mapping of settings for clients' certificates",
            .required(
                "ca",
                Shape<String>.text("a file").located,
                "PEM: the authorities that clients' certificates lead to."
            ),
            .optional(
                "verify",
                .choice([("required", true), ("optional", false)]),
                default: true,
                "Whether a client without a certificate is turned away. A wrong one always is."
            ),
            .optional(
                "depth",
                .integer(0...8),
                default: 1,
                "Intermediate certificates between a client's and an authority's, at most."
            ),
            .optional(
                "crl",
                Shape<String>.text("a file").located,
                "PEM or DER: lists of revoked certificates, one of each authority that signs."
            )
        ) { authorities, isRequired, depth, revocations in
            ClientAuthenticationDeclaration(
                authorities: authorities,
                isRequired: isRequired,
                depth: depth,
                revocations: revocations
            )
        }
    }
}

extension Shape<StrictTransport> {
    /// A list of browsers' takes no domain whose statement is shorter (hstspreload.org).
    private static let shortestPreloaded = Duration.seconds(31_536_000)

    fileprivate static var strictTransport: Shape {
        let age = Shape<Duration>.duration(from: .zero, to: .seconds(730 * 86_400))
        return .either(
            scalar: age.map { StrictTransport(maximumAge: $0) },
            mapping: .record(
                "a mapping of max_age and more",
                .required("max_age", age, "How long browsers use HTTPS alone."),
                .optional("subdomains", .flag, default: false, "Whether for all subdomains, too."),
                .optional(
                    "preload",
                    .flag,
                    default: false,
                    "Whether browsers may bring the domain along; asks for subdomains and 365d."
                )
            ) { age, subdomains, preload in
                StrictTransport(maximumAge: age, includesSubdomains: subdomains, mayBePreloaded: preload)
            }
        )
        .checked { statement, node, faults in
            let suffices = statement.includesSubdomains && statement.maximumAge >= shortestPreloaded
            guard statement.mayBePreloaded, !suffices else { return }
            faults.add("preload needs subdomains and a max_age of 365d", at: node["preload"]?.location ?? node.location)
        }
    }
}

extension Shape<HTTPSTarget> {
    fileprivate static var httpsTarget: Shape {
        let expected = "https or https:PORT"
        return .scalar(expected, pattern: "^https(:[0-9]+)?$") { (text) throws(Fault) in
            if text == "https" { return .listener }
            guard text.hasPrefix("https:"), let port = Int(text.dropFirst(6)), (1...65_535).contains(port) else {
                throw Fault("expected \(expected)", text: text, suggestion: text == "true" ? "https" : nil)
            }
            return .port(port)
        }
    }
}
