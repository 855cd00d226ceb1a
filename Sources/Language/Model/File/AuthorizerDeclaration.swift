/// An authorizer as it is written: its files and secrets have yet to be read.
struct AuthorizerDeclaration {
    enum Kind {
        case token(TokenDeclaration)
        case apiKey(CredentialPlace)
        case basic(BasicDeclaration)
        case signature(SignatureAuthorization)
        case certificate
        case external(ExternalAuthorization)
        case address(AddressRule)
    }

    var kind: Kind
    var cache: Duration
    var isSandbox = false
}

/// `authorizers.*.basic`.
struct BasicDeclaration {
    var realm: String
    var form: BasicForm
}

/// `authorizers.*.jwt` as it is written.
struct TokenDeclaration {
    var rules: TokenAuthorization
    /// A file or a URL.
    var keySet: Located<String>?
    var secret: Located<SecretReference>?
}

extension Shape<AuthorizerDeclaration> {
    private static var kindNames: [String] {
        ["jwt", "api_key", "basic", "signature", "certificate", "external", "address"]
    }
    private static var kinds: String {
        "\(kindNames.dropLast().joined(separator: ", ")) or \(kindNames[kindNames.count - 1])"
    }
    /// The kinds whose decisions hold for one request: `cache` would say nothing.
    private static var undecided: [String] { ["signature", "certificate", "address"] }

    /// An element of `authorizers`.
    static var authorizer: Shape {
        Shape<AuthorizerDeclaration?>.record(
            "a mapping with \(kinds)",
            .optional("jwt", .token, "Signed tokens of an issuer (JWT, OpenID Connect)."),
            .optional("api_key", .apiKeyPlace, "Customers' API keys, in a header or in the query."),
            .optional("basic", Shape<BasicDeclaration>.basic, "Customers' user names and passwords (RFC 7617)."),
            .optional("signature", .signature, "Customers' signatures of requests (RFC 9421)."),
            .optional("certificate", Shape<Bool>.nothing, "Customers' certificates, on listeners that ask for them."),
            .optional("external", .external, "A service that is asked who calls, as Amazon's Lambda authorizers are."),
            .optional("address", .addressRule, "The addresses from which calls may come."),
            .optional(
                "cache",
                .duration(from: .zero, to: .seconds(3_600)),
                default: Authorizer(name: "", kind: .basic(realm: "")).cache,
                "How long a decision holds for the same credentials, at most; 0s decides each time."
            ),
            .optional(
                "sandbox",
                .flag,
                default: false,
                "Whether these tokens are for sandboxes, and for nothing else. Keys and passwords say it with their customer."
            )
        ) { token, apiKey, basic, signature, certificate, external, address, cache, isSandbox in
            var kind: AuthorizerDeclaration.Kind?
            if let token { kind = .token(token) }
            if let apiKey { kind = .apiKey(apiKey) }
            if let basic { kind = .basic(basic) }
            if let signature { kind = .signature(signature) }
            if certificate != nil { kind = .certificate }
            if let external { kind = .external(external) }
            if let address { kind = .address(address) }
            return kind.map { AuthorizerDeclaration(kind: $0, cache: cache, isSandbox: isSandbox) }
        }
        .checked { _, node, faults in
            if let sandbox = node["sandbox"], node["jwt"] == nil {
                faults.add("this goes with \"jwt\" only; a customer's \"sandbox\" has the others", at: sandbox.location)
            }
            let kinds = node.entries.filter { kindNames.contains($0.key.text) }
            if kinds.isEmpty { faults.add("an authorizer has \(self.kinds)", at: node.location) }
            if let cache = node["cache"], kinds.contains(where: { undecided.contains($0.key.text) }) {
                faults.add("this is decided on each request anew; nothing is kept", at: cache.location)
            }
            for extra in kinds.dropFirst() {
                let rule = "an authorizer is of one kind; all_of in a route asks for several"
                faults.add(rule, at: extra.key.location, text: extra.key.text)
            }
        }
        .unwrapped()
    }
}

extension Shape<TokenDeclaration> {
    private static var defaults: TokenAuthorization { TokenAuthorization(issuers: [], audiences: [], keys: .discovery) }
    private static var publicAlgorithms: [String] {
        [
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
        ]
    }
    private static var secretAlgorithms: [String] { ["HS256", "HS384", "HS512"] }

    /// `authorizers.*.jwt`.
    fileprivate static var token: Shape {
        .record(
            "a mapping of what tokens must be",
            .required(
                "issuer",
                .texts("an issuer, as https://id.test"),
                "What tokens say in iss, byte for byte; one of several."
            ),
            .required(
                "audience",
                .texts("an audience"),
                "What tokens say in aud (or in client_id, where aud is absent); one of several. \"*\" takes tokens for anyone."
            ),
            .optional(
                "jwks",
                Shape<String>.text("a file, or a URL").located,
                "The key set. Without it, each issuer's discovery document says where it is."
            ),
            .optional("secret", Shape<SecretReference>.secret.located, "What HS256, HS384 or HS512 is verified with."),
            .optional(
                "algorithms",
                Shape<[Located<String>]>.list(
                    of: .choice((publicAlgorithms + secretAlgorithms).map { ($0, $0) }),
                    orOne: true,
                    defaultText: []
                ),
                default: [],
                "The signatures that are taken. Without it, all that suit the keys; none is never taken."
            ),
            .optional(
                "leeway",
                .duration(from: .zero, to: .seconds(300)),
                default: defaults.leeway,
                "By how much the issuer's clock may differ."
            ),
            .optional("scopes", .texts("a scope", isOptional: true), default: [], "One of these is among the token's."),
            .optional(
                "claims",
                .requiredClaims,
                default: [],
                "Claims, and the values of which each has one; [] is any."
            ),
            .optional(
                "type",
                .texts("a type, as at+jwt", isOptional: true),
                default: [],
                "What tokens say in their header's typ; without it, anything."
            ),
            .optional("header", .fieldName, "The header that has the token, when it is not Authorization."),
            .optional(
                "query",
                Shape<String>.text("a parameter's name"),
                "The query parameter that has the token instead."
            ),
            .optional(
                "customer",
                Shape<String>.text("a claim's name"),
                "The claim that has the id of a customer. Without it, tokens belong to none."
            ),
            .optional(
                "refresh",
                .duration(from: .seconds(10), to: .seconds(86_400)),
                default: defaults.refresh,
                "How often fetched keys are fetched anew."
            ),
            .optional(
                "keep",
                .duration(from: .zero, to: .seconds(30 * 86_400)),
                default: defaults.keep,
                "How long fetched keys serve on when their server is away."
            )
        ) {
            issuers,
            audiences,
            keySet,
            secret,
            algorithms,
            leeway,
            scopes,
            claims,
            types,
            header,
            query,
            customer,
            refresh,
            keep in
            let names = audiences.map(\.value)
            let rules = TokenAuthorization(
                issuers: issuers.map(\.value),
                audiences: names == ["*"] ? nil : names,
                keys: .discovery,
                algorithms: algorithms.map(\.value),
                leeway: leeway,
                scopes: scopes.map(\.value),
                claims: claims,
                types: types.map(\.value),
                place: query.map { .query($0) } ?? .header(header ?? "authorization"),
                customerClaim: customer,
                refresh: refresh,
                keep: keep
            )
            return TokenDeclaration(rules: rules, keySet: keySet, secret: secret)
        }
        .checked { declaration, node, faults in check(declaration, node, &faults) }
    }

    private static func check(_ declaration: TokenDeclaration, _ node: YAMLNode, _ faults: inout [Fault]) {
        if declaration.rules.issuers.isEmpty {
            faults.add("tokens have an issuer", at: node["issuer"]?.location ?? node.location)
        }
        let audiences = declaration.rules.audiences
        if let audiences, audiences.isEmpty || audiences.contains("*") {
            let rule = "name whom tokens are for; \"*\" stands alone and takes tokens for anyone"
            faults.add(rule, at: node["audience"]?.location ?? node.location)
        }
        if declaration.keySet != nil, let secret = declaration.secret {
            faults.add("keys come from \"jwks\" or \"secret\", not both", at: secret.location)
        }
        if node["header"] != nil, let query = node["query"] {
            faults.add("a token comes in a header or in the query, not both", at: query.location)
        }
        let suiting = declaration.secret == nil ? publicAlgorithms : secretAlgorithms
        for name in declaration.rules.algorithms where !suiting.contains(name) {
            let rule = "\(name) is not for \(declaration.secret == nil ? "public keys; it needs a secret" : "a secret")"
            faults.add(rule, at: node["algorithms"]?.location ?? node.location)
        }
        if declaration.keySet == nil, declaration.secret == nil {
            for issuer in declaration.rules.issuers where !KeyServer.mayBeAsked(issuer) {
                let rule = "without \"jwks\", an issuer is the https URL that its discovery document stands under"
                faults.add(rule, at: node["issuer"]?.location ?? node.location, text: issuer)
            }
        }
    }
}

extension Shape<[Located<String>]> {
    fileprivate static func texts(_ expected: String, isOptional: Bool = false) -> Shape {
        .list(of: .text(expected), orOne: true, defaultText: isOptional ? [] : nil)
    }
}

extension Shape<[TokenAuthorization.Claim]> {
    fileprivate static var requiredClaims: Shape {
        Shape<[Named<String, [Located<String>]>]>.map(
            of: Shape<[Located<String>]>.list(of: .text("a value"), orOne: true),
            key: .text("a claim's name")
        )
        .map(written: { _ in nil }) { claims in
            claims.map { TokenAuthorization.Claim(name: $0.key, values: ($0.value ?? []).map(\.value)) }
        }
    }
}

extension Shape<Bool> {
    /// A kind without settings: `{}`.
    fileprivate static var nothing: Shape {
        let schema: JSON = ["type": "object", "additionalProperties": false]
        return Shape("an empty mapping, {}", schema: schema) { node, faults in
            guard case .mapping(let entries) = node.content else {
                faults.mismatch(node, expected: "an empty mapping, {}")
                return nil
            }
            for entry in entries {
                faults.add("unknown key; nothing is set here", at: entry.key.location, text: entry.key.text)
            }
            return true
        }
    }
}

extension Shape<CredentialPlace> {
    fileprivate static var apiKeyPlace: Shape {
        .record(
            "a mapping with header or query",
            .optional("header", .fieldName, "The header that has the key. Without any of both, x-api-key."),
            .optional(
                "query",
                Shape<String>.text("a parameter's name"),
                "The query parameter that has the key instead."
            )
        ) { header, query in query.map { .query($0) } ?? .header(header ?? "x-api-key") }
        .checked { _, node, faults in
            if node["header"] != nil, let query = node["query"] {
                faults.add("a key comes in a header or in the query, not both", at: query.location)
            }
        }
    }
}

extension Shape<BasicDeclaration> {
    fileprivate static var basic: Shape {
        .record(
            "a mapping with realm and form",
            .optional("realm", .realm, default: "api", "What clients' users are told that the password is for."),
            .optional(
                "form",
                .choice([("user_password", .userPassword), ("id_password_key", .idPasswordKey)]),
                default: .userPassword,
                "What is sent: USER:PASSWORD, or ID:PASSWORD:API_KEY with a key of the same customer."
            )
        ) { BasicDeclaration(realm: $0, form: $1) }
    }
}

extension Shape<String> {
    fileprivate static var realm: Shape {
        let expected = "a text of 1 to 64 printable characters without quotes"
        return .scalar(expected, written: { .string($0) }) { (text) throws(Fault) in
            let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }
            guard isPlain, (1...64).contains(text.utf8.count) else { throw Fault("expected \(expected)", text: text) }
            return text
        }
    }

    /// A header field's name, in lower case.
    fileprivate static var fieldName: Shape {
        .scalar("a header's name", pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", written: { .string($0) }) {
            (text) throws(Fault) in
            guard HeaderField.isName(text) else {
                throw Fault("a header's name is a token (letters, digits and - mostly)", text: text)
            }
            guard !HeaderField.reserved.contains(text.lowercased()), text.lowercased() != "host" else {
                throw Fault("this header has another meaning", text: text)
            }
            return text.lowercased()
        }
    }
}

extension Shape<AddressRule> {
    fileprivate static var addressRule: Shape {
        .record(
            "a mapping with allow and deny",
            .optional(
                "allow",
                Shape<[Located<AddressRange>]>.list(of: .addressRange, orOne: true, defaultText: []),
                default: [],
                "Calls come from here alone. Without it, from anywhere."
            ),
            .optional(
                "deny",
                Shape<[Located<AddressRange>]>.list(of: .addressRange, orOne: true, defaultText: []),
                default: [],
                "Calls do not come from here, whatever allow says."
            )
        ) { allow, deny in AddressRule(allow: allow.map(\.value), deny: deny.map(\.value)) }
        .checked { rule, node, faults in
            if rule.allow.isEmpty, rule.deny.isEmpty {
                faults.add("an address rule allows or denies something", at: node.location)
            }
        }
    }
}
