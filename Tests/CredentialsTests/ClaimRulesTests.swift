import Testing

@testable import Credentials

@Suite struct ClaimRulesTests {
    private static let maker = TokenMaker()
    private let now: Int64 = 1_800_000_000
    private let good: [String: String] = [
        "iss": #""https://id.example""#, "aud": #""orders""#, "exp": "1800000060", "nbf": "1799999990",
        "iat": "1799999990", "scope": #""a b""#,
    ]

    /// Checks a good token in which some claims are others; `""` takes a claim away.
    private func check(
        _ changes: [String: String] = [:],
        rules: ClaimRules = ClaimRules(issuers: ["https://id.example"], audience: .oneOf(["orders", "bills"])),
        header: String = #"{"alg":"ES256","kid":"k1"}"#,
        scopes: [String] = []
    ) throws {
        let claims = good.merging(changes) { $1 }.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
        let text = "{\(claims.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ","))}"
        let verifier = TokenVerifier(keys: try Self.maker.keySet(), rules: rules)
        let token = try Self.maker.token(header: header, claims: text)
        _ = try verifier.verify(token.span, scopes: scopes, now: now)
    }

    @Test(arguments: [
        [:], ["aud": #"["x","bills"]"#], ["aud": "", "client_id": #""orders""#], ["nbf": "", "iat": ""],
        ["exp": "1800000000.5"],
        ["exp": "1.9e9"], ["nbf": "1800000000"], ["iat": "1800000000"],
    ])
    func `a good token is taken`(changes: [String: String]) {
        #expect(throws: Never.self) { try check(changes) }
    }

    @Test(
        arguments: [
            (["iss": #""https://id.example/""#], TokenFailure.wrongIssuer),
            (["iss": #""https://ID.example""#], .wrongIssuer),
            (["iss": ""], .wrongIssuer), (["iss": #"["https://id.example"]"#], .wrongIssuer),
            (["aud": #""order""#], .wrongAudience), (["aud": "[]"], .wrongAudience), (["aud": ""], .wrongAudience),
            (["aud": "null", "client_id": #""orders""#], .wrongAudience),
            (["aud": #""other""#, "client_id": #""orders""#], .wrongAudience),
            (["aud": #"{"orders":1}"#], .wrongAudience),
            (["aud": "", "client_id": #"["orders"]"#], .wrongAudience),
            (["exp": "1800000000"], .expired), (["exp": "1799999999.9"], .expired), (["exp": "-1"], .expired),
            (["exp": ""], .missingClaim("exp")), (["exp": #""1900000000""#], .wrongClaim("exp")),
            (["exp": "1e999"], .wrongClaim("exp")), (["exp": "null"], .wrongClaim("exp")),
            (["nbf": "1800000001"], .notYetValid), (["nbf": "true"], .wrongClaim("nbf")),
            (["iat": "1800000001"], .issuedInFuture), (["iat": #""now""#], .wrongClaim("iat")),
        ] as [([String: String], TokenFailure)]
    )
    func `a token that says something else is refused`(changes: [String: String], failure: TokenFailure) {
        #expect(throws: failure) { try check(changes) }
    }

    @Test(arguments: [
        ("exp", "1799999971", "1799999970"), ("nbf", "1800000030", "1800000031"), ("iat", "1800000030", "1800000031"),
    ])
    func `a leeway is granted, and no more`(claim: String, taken: String, refused: String) {
        let rules = ClaimRules(issuers: ["https://id.example"], audience: .anyone, leeway: 30)
        #expect(throws: Never.self) { try check([claim: taken], rules: rules) }
        #expect(throws: TokenFailure.self) { try check([claim: refused], rules: rules) }
    }

    @Test func `no leeway is longer than five minutes`() {
        let rules = ClaimRules(issuers: ["https://id.example"], audience: .anyone, leeway: 1_000_000)
        #expect(throws: TokenFailure.expired) { try check(["exp": "1799999700"], rules: rules) }
        #expect(throws: Never.self) { try check(["exp": "1799999701"], rules: rules) }
    }

    @Test(arguments: [
        (#""a b""#, "", ["b"], true), (#""a b""#, "", ["c", "a"], true), (#""a b""#, "", ["c"], false),
        ("", #"["a","b"]"#, ["b"], true), ("", #""a b""#, ["b"], true), (#"["a"]"#, "", ["a"], true),
        (#""x""#, #""a""#, ["a"], false), ("", "", ["a"], false), ("", #"["a",1]"#, ["a"], false),
        (#""ab""#, "", ["a"], false),
        ("7", "", ["7"], false), ("", "", [], true),
    ])
    func `one of the route's scopes is enough`(scope: String, scp: String, wanted: [String], isGranted: Bool) {
        let changes = ["scope": scope, "scp": scp]
        if isGranted {
            #expect(throws: Never.self) { try check(changes, scopes: wanted) }
        } else {
            #expect(throws: TokenFailure.insufficientScope) { try check(changes, scopes: wanted) }
        }
    }

    @Test(
        arguments: [
            (#""gold""#, nil), (#""Gold""#, TokenFailure.wrongClaim("tier")), ("", .missingClaim("tier")),
            (#"["gold"]"#, .wrongClaim("tier")),
            ("true", nil), ("3", nil), (#""3""#, nil), ("3.0", .wrongClaim("tier")), ("null", .wrongClaim("tier")),
        ] as [(String, TokenFailure?)]
    )
    func `a required claim has one of its values`(value: String, failure: TokenFailure?) throws {
        let required = ClaimRules.Required("tier", values: ["gold", "true", "3"])
        let rules = ClaimRules(issuers: ["https://id.example"], audience: .anyone, required: [required])
        guard let failure else { return try check(["tier": value], rules: rules) }
        #expect(throws: failure) { try check(["tier": value], rules: rules) }
    }

    @Test func `an optional claim is looked at only where it is`() {
        let required = ClaimRules.Required("tier", values: ["gold"], isOptional: true)
        let rules = ClaimRules(issuers: ["https://id.example"], audience: .anyone, required: [required])
        #expect(throws: Never.self) { try check(rules: rules) }
        #expect(throws: TokenFailure.wrongClaim("tier")) { try check(["tier": #""tin""#], rules: rules) }
    }

    @Test(arguments: [("at+jwt", true), ("application/at+jwt", true), ("AT+JWT", true), ("JWT", false), ("", false)])
    func `a type is one of those asked for`(type: String, isTaken: Bool) {
        let rules = ClaimRules(issuers: ["https://id.example"], audience: .anyone, types: ["at+jwt"])
        let header = type.isEmpty ? #"{"alg":"ES256"}"# : #"{"alg":"ES256","typ":"\#(type)"}"#
        if isTaken {
            #expect(throws: Never.self) { try check(rules: rules, header: header) }
        } else {
            #expect(throws: TokenFailure.wrongType) { try check(rules: rules, header: header) }
        }
    }

    @Test func `nothing is taken by rules that name nobody`() {
        #expect(throws: TokenFailure.wrongIssuer) { try check(rules: ClaimRules(issuers: [], audience: .anyone)) }
        let rules = ClaimRules(issuers: ["https://id.example"], audience: .oneOf([]))
        #expect(throws: TokenFailure.wrongAudience) { try check(rules: rules) }
    }

    @Test func `a token that never ends is taken where that is allowed`() {
        let rules = ClaimRules(issuers: ["https://id.example"], audience: .anyone, requiresExpiry: false)
        #expect(throws: Never.self) { try check(["exp": ""], rules: rules) }
        #expect(throws: TokenFailure.expired) { try check(["exp": "1"], rules: rules) }
    }

    @Test func `who cannot sign learns nothing about the rules`() throws {
        let verifier = TokenVerifier(
            keys: try Self.maker.keySet(),
            rules: ClaimRules(issuers: ["https://id.example"], audience: .anyone)
        )
        let forged = try TokenMaker().token(claims: #"{"iss":"x","exp":1}"#)
        #expect(throws: TokenFailure.wrongSignature) { try verifier.verify(forged.span, now: now) }
    }

    @Test func `a verifier may ask for a kid`() throws {
        let rules = ClaimRules(issuers: ["https://id.example"], audience: .anyone, requiresExpiry: false)
        var verifier = TokenVerifier(keys: try Self.maker.keySet(), rules: rules)
        let token = try Self.maker.token(header: #"{"alg":"ES256"}"#, claims: #"{"iss":"https://id.example"}"#)
        #expect(throws: Never.self) { try verifier.verify(token.span, now: now) }
        verifier.requiresKeyID = true
        #expect(throws: TokenFailure.unknownKey) { try verifier.verify(token.span, now: now) }
    }

    @Test func `the challenge is that of RFC 6750`() {
        #expect(
            TokenFailure.wrongAudience.challenge()
                == #"Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience""#
        )
        let challenge = TokenFailure.insufficientScope.challenge(scopes: ["a", "b\"\r\nx: y", "c"])
        #expect(challenge.hasPrefix(#"Bearer scope="a c" error="insufficient_scope" "#))
        #expect(TokenFailure.insufficientScope.status == 403)
        #expect(TokenFailure.expired.status == 401)
        #expect("\(TokenFailure.expired.cause)" == "authorizer.expired-token")
    }
}
