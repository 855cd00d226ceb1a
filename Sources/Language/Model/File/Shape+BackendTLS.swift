/// An element of `backends` as it is written: its files have yet to be read.
struct BackendDeclaration {
    var backend: Backend
    var tls: BackendTLSDeclaration?
}

/// `backends.NAME.tls` as it is written.
struct BackendTLSDeclaration {
    var authorities: Located<String>?
    var certificate: Located<String>?
    var key: Located<String>?
    var settings: Backend.TLS
}

extension Shape<BackendTLSDeclaration> {
    static var backendTLS: Shape {
        let defaults = Backend.TLS()
        return .record(
            "a mapping of TLS settings",
            .optional(
                "ca",
                Shape<String>.text("a file").located,
                "PEM: the authorities that the servers' certificates lead to. Without it, the system's."
            ),
            .optional(
                "server_name",
                .serverName,
                "The name that is asked for and that a certificate must have. Without it, the host of the server's URL."
            ),
            .optional(
                "certificate",
                Shape<String>.text("a file").located,
                "PEM: the gateway's own certificate, then its intermediates, for servers that ask for one."
            ),
            .optional("key", Shape<String>.text("a file").located, "PEM: its private key, not encrypted."),
            .optional(
                "verify",
                .flag,
                default: defaults.isVerified,
                "false believes whoever answers: traffic can then be read and changed on its way."
            ),
            .optional(
                "policy",
                .choice([("modern", .modern), ("intermediate", .intermediate)]),
                default: defaults.policy,
                "modern: TLS 1.3 alone. intermediate: TLS 1.2, too, with forward secrecy and AEAD."
            ),
            .optional("http2", .flag, default: defaults.http2, "Whether https servers may choose HTTP/2 (ALPN).")
        ) { authorities, serverName, certificate, key, isVerified, policy, http2 in
            BackendTLSDeclaration(
                authorities: authorities,
                certificate: certificate,
                key: key,
                settings: Backend.TLS(serverName: serverName, isVerified: isVerified, policy: policy, http2: http2)
            )
        }
        .checked { tls, node, faults in
            if (tls.certificate == nil) != (tls.key == nil) {
                let present = node["certificate"] ?? node["key"] ?? node
                faults.add("certificate and key go together", at: present.location)
            }
            if !tls.settings.isVerified, let authorities = tls.authorities {
                faults.add("verify: false makes no use of ca", at: authorities.location)
            }
        }
    }
}

extension Shape<String> {
    fileprivate static var serverName: Shape {
        let expected = "a host's name, as shop.internal"
        return .scalar(expected, written: { .string($0) }) { (text) throws(Fault) in
            guard BackendURL.isHost(text), IPAddress(text) == nil else {
                throw Fault("expected \(expected)", text: text)
            }
            return text.lowercased()
        }
    }
}
