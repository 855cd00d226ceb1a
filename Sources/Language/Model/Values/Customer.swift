/// Somebody who may call: what is known of them, and what they prove to be themselves with.
public struct Customer: Sendable, Hashable {
    /// An API key as it is stored.
    public struct APIKey: Sendable, Hashable {
        /// What the log calls it; `nil` for a key without a name.
        public var id: String?
        /// The key.
        public var form: Form
        /// Where it was declared.
        public var source: SourceLocation?

        /// How much of a key the configuration has.
        public enum Form: Sendable, Hashable {
            /// The key itself.
            case secret(Secret)
            /// Its SHA-256, 64 hexadecimal digits in lower case.
            case sha256(String)
            /// The fingerprint by which a store keeps it (`KeyFingerprint`).
            case fingerprint(String)
        }

        /// Makes a key.
        public init(id: String? = nil, form: Form, source: SourceLocation? = nil) {
            self.id = id
            self.form = form
            self.source = source
        }
    }

    /// A user's password as it is stored.
    public struct Password: Sendable, Hashable {
        /// The user's name, without a colon.
        public var user: String
        /// The hash in the PHC form: `$scrypt$ln=15,r=8,p=1$SALT$HASH`.
        public var hash: Secret
        /// Where it was declared.
        public var source: SourceLocation?

        /// Makes a password.
        public init(user: String, hash: Secret, source: SourceLocation? = nil) {
            self.user = user
            self.hash = hash
            self.source = source
        }
    }

    /// A key that a customer signs requests with (RFC 9421).
    public struct SigningKey: Sendable, Hashable {
        /// What signatures say in `keyid`; unique among all customers.
        public var id: String
        /// The key.
        public var form: Form
        /// The one algorithm that it is for, by its name in RFC 9421; `nil`: the first that suits its kind.
        public var algorithm: String?
        /// Where it was declared.
        public var source: SourceLocation?

        /// The two kinds of keys.
        public enum Form: Sendable, Hashable {
            /// What both sides know (`hmac-sha256`).
            case secret(Secret)
            /// In PEM, or a JWK.
            case publicKey(NamedContent)
        }

        /// Makes a key.
        public init(id: String, form: Form, algorithm: String? = nil, source: SourceLocation? = nil) {
            self.id = id
            self.form = form
            self.algorithm = algorithm
            self.source = source
        }
    }

    /// What a customer's certificate says, by which it is known.
    public struct Certificate: Sendable, Hashable {
        /// What is looked at.
        public enum Name: Sendable, Hashable {
            /// The SHA-256 of the certificate, 64 hexadecimal digits in lower case.
            case sha256(String)
            /// The subject (RFC 4514): `CN=orders,O=Acme`.
            case subject(String)
            /// An alternative name: a host, in lower case.
            case dns(String)
            /// An alternative name: a URI, as `spiffe://acme/orders`.
            case uri(String)
            /// An alternative name: an address of mail.
            case email(String)
        }

        /// What it says.
        public var name: Name
        /// Who has to have signed it (RFC 4514); `nil`: any authority of the listener.
        public var issuer: String?
        /// Where it was declared.
        public var source: SourceLocation?

        /// Makes a rule.
        public init(name: Name, issuer: String? = nil, source: SourceLocation? = nil) {
            self.name = name
            self.issuer = issuer
            self.source = source
        }
    }

    /// A text that the operator gives to a customer, for logs, headers and limits.
    public struct Label: Sendable, Hashable {
        /// The label's name.
        public var name: String
        /// Its value.
        public var value: String

        /// Makes a label.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Unique among the customers; it stands in logs.
    public var id: String
    /// What people call them.
    public var name: String?
    /// Whether their calls are refused for now.
    public var isSuspended: Bool
    /// Their API keys; each of them will do.
    public var apiKeys: [APIKey]
    /// Their users' passwords; a name may have several while one replaces the other.
    public var passwords: [Password]
    /// What they sign requests with; each of them will do.
    public var signingKeys: [SigningKey]
    /// Their certificates; each of them will do.
    public var certificates: [Certificate]
    /// From where they call; empty: anywhere.
    public var addresses: [AddressRange]
    /// What else is said about them.
    public var labels: [Label]
    /// The name of the plan that says how much they may take; `nil` sets no limit of theirs.
    public var plan: String?
    /// The backends that take the place of others for their calls.
    public var backends: [BackendReplacement] = []
    /// The versions that they get on paths that name none.
    public var versions: [VersionPin] = []
    /// Where they were declared.
    public var source: SourceLocation?

    /// Makes a customer.
    public init(
        id: String,
        name: String? = nil,
        isSuspended: Bool = false,
        apiKeys: [APIKey] = [],
        passwords: [Password] = [],
        signingKeys: [SigningKey] = [],
        certificates: [Certificate] = [],
        addresses: [AddressRange] = [],
        labels: [Label] = [],
        plan: String? = nil,
        source: SourceLocation? = nil
    ) {
        self.id = id
        self.name = name
        self.isSuspended = isSuspended
        self.apiKeys = apiKeys
        self.passwords = passwords
        self.signingKeys = signingKeys
        self.certificates = certificates
        self.addresses = addresses
        self.labels = labels
        self.plan = plan
        self.source = source
    }
}
