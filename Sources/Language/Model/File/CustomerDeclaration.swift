/// A customer as it is written: secrets have yet to be found.
struct CustomerDeclaration {
    var customer: Customer
    var apiKeys: [Located<APIKeyDeclaration>]
    var plan: Located<String>?
    var signingKeys: [Located<SigningKeyDeclaration>]
    var backends: [Named<String, Located<TargetReference>>] = []
    var versions: [Named<String, Located<String>>] = []
    var sandbox: SandboxCredentialsDeclaration?
}

/// An element of `customers.*.api_keys`.
struct APIKeyDeclaration {
    var id: String?
    var secret: Located<SecretReference>?
    var sha256: String?
}

extension Shape<CustomerDeclaration> {
    /// An element of `customers`.
    static var customer: Shape {
        .record(
            "a customer",
            .optional("name", Shape<String>.text, "What people call them."),
            .optional(
                "state",
                Shape<Bool>.choice([("active", false), ("suspended", true)]),
                default: false,
                "Whether their calls are taken, or refused for now."
            ),
            .optional(
                "api_keys",
                Shape<[Located<APIKeyDeclaration>]>.list(of: .apiKey, orOne: true, defaultText: []),
                default: [],
                "Their API keys; each will do, so that one can replace another."
            ),
            .optional(
                "passwords",
                Shape<[Named<String, Located<String>>]>.map(of: .passwordHash, key: .userName),
                "Their users' passwords as hashes, by the user's name."
            ),
            .optional(
                "signing_keys",
                Shape<[Located<SigningKeyDeclaration>]>.list(of: .signingKey, orOne: true, defaultText: []),
                default: [],
                "What their requests are signed with; each will do."
            ),
            .optional(
                "certificates",
                Shape<[Located<Customer.Certificate>]>.list(of: .certificate, orOne: true, defaultText: []),
                default: [],
                "What their certificates say; each will do."
            ),
            .optional(
                "addresses",
                Shape<[Located<AddressRange>]>.list(of: .addressRange, orOne: true, defaultText: []),
                default: [],
                "From where they call. Without it, from anywhere."
            ),
            .optional(
                "labels",
                Shape<[Named<String, String>]>.map(of: .text("a text"), key: .name),
                "What else is said about them, for headers and limits."
            ),
            .optional("plan", Shape<String>.text("a plan's name").located, "How much they may take: one of \"plans\"."),
            .optional(
                "backends",
                .backendReplacements,
                "Where their calls go instead, by the name of the backend that routes have: another one's name, or a URL."
            ),
            .optional(
                "versions",
                Shape<[Named<String, Located<String>>]>.map(of: Shape<String>.name.located, key: .name),
                "The versions that they get on paths that name none, by the API's name."
            ),
            .optional(
                "sandbox",
                .sandboxCredentials,
                "That they may call sandboxes, and what they prove to be themselves with there, and only there."
            )
        ) {
            name,
            isSuspended,
            apiKeys,
            passwords,
            signingKeys,
            certificates,
            addresses,
            labels,
            plan,
            backends,
            versions,
            sandbox in
            let customer = Customer(
                id: "",
                name: name,
                isSuspended: isSuspended,
                passwords: Customer.Password.passwords(passwords ?? []),
                certificates: certificates.map { declared in
                    var certificate = declared.value
                    certificate.source = declared.location
                    return certificate
                },
                addresses: addresses.map(\.value),
                labels: (labels ?? []).compactMap { label in
                    label.value.map { Customer.Label(name: label.key, value: $0) }
                }
            )
            return CustomerDeclaration(
                customer: customer,
                apiKeys: apiKeys,
                plan: plan,
                signingKeys: signingKeys,
                backends: backends ?? [],
                versions: versions ?? [],
                sandbox: sandbox
            )
        }
    }
}

/// What a customer has for sandboxes.
struct SandboxCredentialsDeclaration {
    var plan: Located<String>?
    var apiKeys: [Located<APIKeyDeclaration>]
    var passwords: [Customer.Password]
}

extension Shape<SandboxCredentialsDeclaration> {
    fileprivate static var sandboxCredentials: Shape {
        .record(
            "a mapping of credentials",
            .optional(
                "plan",
                Shape<String>.text("a plan's name").located,
                "How much they may take in sandboxes, counted apart: one of \"plans\". Without it, there is no limit of theirs."
            ),
            .optional(
                "api_keys",
                Shape<[Located<APIKeyDeclaration>]>.list(of: .apiKey, orOne: true, defaultText: []),
                default: [],
                "Their API keys for sandboxes."
            ),
            .optional(
                "passwords",
                Shape<[Named<String, Located<String>>]>.map(of: .passwordHash, key: .userName),
                "Their users' passwords for sandboxes as hashes, by the user's name."
            )
        ) { plan, apiKeys, passwords in
            SandboxCredentialsDeclaration(
                plan: plan,
                apiKeys: apiKeys,
                passwords: Customer.Password.passwords(passwords ?? [])
            )
        }
    }
}

extension Customer.Password {
    fileprivate static func passwords(_ written: [Named<String, Located<String>>]) -> [Customer.Password] {
        written.compactMap { user in
            user.value.map { Customer.Password(user: user.key, hash: Secret($0.value), source: $0.location) }
        }
    }
}

extension Shape<APIKeyDeclaration> {
    fileprivate static var apiKey: Shape {
        .record(
            "a mapping with secret or sha256",
            .optional("id", .name, "What the log calls the key."),
            .optional("secret", Shape<SecretReference>.secret.located, "Where the key is found."),
            .optional("sha256", .sha256, "The SHA-256 of the key instead: printf %s KEY | sha256sum.")
        ) { id, secret, sha256 in APIKeyDeclaration(id: id, secret: secret, sha256: sha256) }
        .checked { _, node, faults in
            if (node["secret"] == nil) == (node["sha256"] == nil) {
                faults.add("a key has \"secret\" or \"sha256\"", at: node.location)
            }
        }
    }
}

extension Shape<String> {
    fileprivate static var sha256: Shape {
        .scalar("64 hexadecimal digits in lower case", pattern: "^[0-9a-f]{64}$") { (text) throws(Fault) in
            let isHash =
                text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
            // What stands here may be a key itself, so it is not repeated.
            guard isHash else { throw Fault("expected 64 hexadecimal digits in lower case") }
            return text
        }
    }

    fileprivate static var userName: Shape {
        .scalar("a user's name (1…256 bytes, no colon)", pattern: "^[^:]+$") { (text) throws(Fault) in
            guard (1...256).contains(text.utf8.count), !text.contains(":") else {
                throw Fault("expected a user's name (1…256 bytes, no colon)", text: text)
            }
            return text
        }
    }
}

extension Shape<Located<String>> {
    fileprivate static var passwordHash: Shape {
        Shape<String>.scalar("a hash as $scrypt$ln=15,r=8,p=1$SALT$HASH", pattern: "^\\$scrypt\\$") {
            (text) throws(Fault) in
            // What stands here may be the password itself, so it is not repeated.
            guard text.hasPrefix("$scrypt$") else { throw Fault("expected a hash as $scrypt$ln=15,r=8,p=1$SALT$HASH") }
            return text
        }
        .located
    }
}

extension Shape<Customer.Certificate> {
    /// An element of `customers.*.certificates`.
    fileprivate static var certificate: Shape {
        Shape<Customer.Certificate?>.record(
            "a mapping with sha256, subject, dns, uri or email",
            .optional("sha256", .sha256, "The SHA-256 of the certificate: openssl x509 -outform der | sha256sum."),
            .optional("subject", .text("a name, as CN=orders,O=Acme"), "Its subject, as the access log writes it."),
            .optional("dns", .text("a host"), "A host among its alternative names."),
            .optional("uri", .text("a URI"), "A URI among its alternative names, as spiffe://acme/orders."),
            .optional("email", .text("an address"), "An address of mail among its alternative names."),
            .optional(
                "issuer",
                .text("a name, as CN=Acme CA"),
                "Who signed it, where a listener has several authorities."
            )
        ) { hash, subject, host, uri, email, issuer in
            var names: [Customer.Certificate.Name] = []
            if let hash { names.append(.sha256(hash)) }
            if let subject { names.append(.subject(subject)) }
            if let host { names.append(.dns(host.lowercased())) }
            if let uri { names.append(.uri(uri)) }
            if let email { names.append(.email(email)) }
            return names.first.map { Customer.Certificate(name: $0, issuer: issuer) }
        }
        .checked { _, node, faults in
            let count = ["sha256", "subject", "dns", "uri", "email"].count { node[$0] != nil }
            if count != 1 {
                faults.add("a certificate is known by one of sha256, subject, dns, uri and email", at: node.location)
            }
        }
        .unwrapped()
    }
}

/// An element of `customers.*.signing_keys`.
struct SigningKeyDeclaration {
    var id: String
    var secret: Located<SecretReference>?
    var publicKey: Located<String>?
    var algorithm: String?
}

extension Shape<SigningKeyDeclaration> {
    private static var algorithms: [String] {
        ["hmac-sha256", "ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384", "rsa-pss-sha512", "rsa-v1_5-sha256"]
    }

    fileprivate static var signingKey: Shape {
        .record(
            "a mapping with id, and secret or public_key",
            .required("id", .keyName, "What signatures say in keyid; no two customers share one."),
            .optional(
                "secret",
                Shape<SecretReference>.secret.located,
                "Where the secret of hmac-sha256 is found; 32 bytes at least."
            ),
            .optional(
                "public_key",
                Shape<String>.text("a file").located,
                "A public key in PEM, or a JWK: Ed25519, P-256, P-384 or RSA."
            ),
            .optional(
                "algorithm",
                .choice(algorithms.map { ($0, $0) }),
                "The one algorithm of the key. Without it, the first that suits: of RSA, rsa-pss-sha512."
            )
        ) { SigningKeyDeclaration(id: $0, secret: $1, publicKey: $2, algorithm: $3) }
        .checked { _, node, faults in
            if (node["secret"] == nil) == (node["public_key"] == nil) {
                faults.add("a signing key has \"secret\" or \"public_key\"", at: node.location)
            }
        }
    }
}

extension Shape<String> {
    fileprivate static var keyName: Shape {
        let expected = "a key's id (1…256 visible characters)"
        return .scalar(expected, pattern: "^[ -~]+$") { (text) throws(Fault) in
            guard (1...256).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
                throw Fault("expected \(expected)", text: text)
            }
            return text
        }
    }
}
