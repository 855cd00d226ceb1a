/// A way to find out who calls, by a name that APIs and routes refer to.
public struct Authorizer: Sendable, Hashable {
    /// What is asked of a request.
    public enum Kind: Sendable, Hashable {
        /// A signed token of an issuer (AWS: JWT authorizer).
        case token(TokenAuthorization)
        /// A customer's API key.
        case apiKey(CredentialPlace)
        /// A customer's user name and password (RFC 7617). The realm is told to clients that bring none.
        case basic(realm: String, form: BasicForm = .userPassword)
        /// A customer's signature of the request (RFC 9421).
        case signature(SignatureAuthorization)
        /// A customer's certificate, which the client has shown in its TLS handshake.
        case certificate
        /// A service that is asked who calls.
        case external(ExternalAuthorization)
        /// An address from which calls may come.
        case address(AddressRule)
    }

    /// Unique among the authorizers; the log says by which one a caller was known.
    public var name: String
    /// What is asked of a request.
    public var kind: Kind
    /// How long a decision holds for the next request with the same credentials, at most; zero decides each time.
    public var cache: Duration
    /// Whether those whom it knows are callers of sandboxes, and of nothing else. Only of tokens: keys and passwords are each for one
    /// or the other.
    public var isSandbox = false
    /// Where it was declared.
    public var source: SourceLocation?

    /// Makes an authorizer.
    public init(name: String, kind: Kind, cache: Duration = .seconds(300), source: SourceLocation? = nil) {
        self.name = name
        self.kind = kind
        self.cache = cache
        self.source = source
    }
}

/// What stands behind the base64 of `Authorization: Basic …`.
public enum BasicForm: Sendable, Hashable {
    /// `USER:PASSWORD`; the password may have colons.
    case userPassword
    /// `ID:PASSWORD:API_KEY`: a user, the password, and a key of the same customer. The password may have colons.
    case idPasswordKey
}

/// Where a request carries a token or a key.
public enum CredentialPlace: Sendable, Hashable {
    /// A header field, in lower case.
    case header(String)
    /// A parameter of the query; it is percent-decoded.
    case query(String)
}

/// What a signed token must be and say (RFC 7519).
public struct TokenAuthorization: Sendable, Hashable {
    /// Where the keys come from that verify signatures.
    public enum Keys: Sendable, Hashable {
        /// A key set (RFC 7517) that was read with the configuration.
        case file(NamedContent)
        /// A key set that is fetched from this URL, `http` or `https`.
        case url(String)
        /// Each issuer's discovery document says where its key set is (OpenID Connect Discovery 1.0, 4).
        case discovery
        /// A secret that the issuer and the gateway share (HS256, HS384, HS512).
        case secret(Secret)
    }

    /// A claim that a token must have.
    public struct Claim: Sendable, Hashable {
        /// The claim's name.
        public var name: String
        /// One of these is its value; empty: any will do.
        public var values: [String]

        /// Makes a rule.
        public init(name: String, values: [String] = []) {
            self.name = name
            self.values = values
        }
    }

    /// One of these is the token's `iss`.
    public var issuers: [String]
    /// One of these is among the token's `aud` (where that is absent: its `client_id`); `nil` takes tokens for anyone.
    public var audiences: [String]?
    /// Where the keys come from.
    public var keys: Keys
    /// The algorithms that are taken, by their names; empty: all that the kind of the keys allows.
    public var algorithms: [String]
    /// By how much the issuer's clock may differ.
    public var leeway: Duration
    /// One of these is among the token's scopes; empty asks for none.
    public var scopes: [String]
    /// Further claims.
    public var claims: [Claim]
    /// One of these is the token's `typ`; empty: any.
    public var types: [String]
    /// Where a request carries the token.
    public var place: CredentialPlace
    /// The claim that names one of the model's customers; `nil` knows callers by the token alone.
    public var customerClaim: String?
    /// How often fetched keys are fetched anew.
    public var refresh: Duration
    /// How long fetched keys are used when they can't be fetched anew.
    public var keep: Duration

    /// Makes rules for tokens.
    public init(
        issuers: [String],
        audiences: [String]?,
        keys: Keys,
        algorithms: [String] = [],
        leeway: Duration = .seconds(10),
        scopes: [String] = [],
        claims: [Claim] = [],
        types: [String] = [],
        place: CredentialPlace = .header("authorization"),
        customerClaim: String? = nil,
        refresh: Duration = .seconds(600),
        keep: Duration = .seconds(86_400)
    ) {
        self.issuers = issuers
        self.audiences = audiences
        self.keys = keys
        self.algorithms = algorithms
        self.leeway = leeway
        self.scopes = scopes
        self.claims = claims
        self.types = types
        self.place = place
        self.customerClaim = customerClaim
        self.refresh = refresh
        self.keep = keep
    }
}

/// From where calls may come. `deny` decides before `allow`.
public struct AddressRule: Sendable, Hashable {
    /// The client's address lies in one of these; empty: anywhere.
    public var allow: [AddressRange]
    /// The client's address lies in none of these.
    public var deny: [AddressRange]

    /// Makes a rule.
    public init(allow: [AddressRange] = [], deny: [AddressRange] = []) {
        self.allow = allow
        self.deny = deny
    }

    /// Whether a call from an address (4 or 16 bytes) may go on.
    public func permits(_ address: Span<UInt8>) -> Bool {
        for range in deny where range.contains(address) { return false }
        if allow.isEmpty { return true }
        for range in allow where range.contains(address) { return true }
        return false
    }
}

/// Who may call a route: one authorizer, or several with a rule how they count together.
public indirect enum AccessRule: Sendable, Hashable {
    /// An authorizer by its name, and scopes of which the caller has to have one besides; empty asks for none.
    case authorizer(String, scopes: [String])
    /// The first of these that takes the request decides.
    case anyOf([AccessRule])
    /// Each of these has to take the request.
    case allOf([AccessRule])
}

/// A header field that tells a backend something about the caller.
public struct ClaimHeader: Sendable, Hashable {
    /// The field's name. What clients send under it is taken off, whoever calls.
    public var name: String
    /// What it tells.
    public var value: CallerFact

    /// Makes a field.
    public init(name: String, value: CallerFact) {
        self.name = name
        self.value = value
    }
}

/// One thing that is known about a caller.
public enum CallerFact: Sendable, Hashable {
    /// A claim of the token.
    case claim(String)
    /// The customer's id.
    case customer
    /// A label of the customer.
    case label(String)
    /// The scopes with blanks between them.
    case scopes

    /// Reads `sub`, or `$customer`, `$scopes`, `$labels.tier`.
    public init?(_ text: String) {
        switch text {
        case "$customer": self = .customer
        case "$scopes": self = .scopes
        case _ where text.hasPrefix("$labels.") && text.utf8.count > 8: self = .label(String(text.dropFirst(8)))
        case _ where text.hasPrefix("$") || text.isEmpty: return nil
        default: self = .claim(text)
        }
    }
}
