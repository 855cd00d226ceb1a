/// A customer as it is written: secrets have yet to be found.
struct CustomerDeclaration {
    var customer: Customer
    var apiKeys: [Located<APIKeyDeclaration>]
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
        ) { name, isSuspended, apiKeys, passwords, addresses, labels, backends, versions, sandbox in
            let customer = Customer(
                id: "",
                name: name,
                isSuspended: isSuspended,
                passwords: Customer.Password.passwords(passwords ?? []),
                addresses: addresses.map(\.value),
                labels: (labels ?? []).compactMap { label in
                    label.value.map { Customer.Label(name: label.key, value: $0) }
                }
            )
            return CustomerDeclaration(
                customer: customer,
                apiKeys: apiKeys,
                backends: backends ?? [],
                versions: versions ?? [],
                sandbox: sandbox
            )
        }
    }
}

/// What a customer has for sandboxes.
struct SandboxCredentialsDeclaration {
    var apiKeys: [Located<APIKeyDeclaration>]
    var passwords: [Customer.Password]
}

extension Shape<SandboxCredentialsDeclaration> {
    fileprivate static var sandboxCredentials: Shape {
        .record(
            "a mapping of credentials",
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
        ) { apiKeys, passwords in
            SandboxCredentialsDeclaration(
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
