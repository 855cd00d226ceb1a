import Crypto
import Testing

@testable import Credentials

@Suite struct TokenSignatureTests {
    private let keys: KeySet

    init() throws {
        let published = try KeySet(document: Array(TokenVectors.keySet.utf8))
        #expect(published.skipped.isEmpty)
        let secret = try VerificationKey(id: "secret", material: KeyMaterial(secret: TokenVectors.secret))
        keys = KeySet(published.keys + [secret])
    }

    private func verify(_ token: [UInt8], keys: KeySet? = nil) throws(TokenFailure) -> VerifiedToken {
        try CompactToken(token.span).verified(by: keys ?? self.keys)
    }

    @Test(arguments: TokenVectors.tokens.map(\.algorithm))
    func `a token of another implementation is taken`(algorithm: String) throws {
        let token = try verify(TokenVectors.token(algorithm))
        #expect(token.algorithm.rawValue == algorithm)
        #expect(token.claims.subject == "c-1")
        #expect(token.claims.audiences == ["orders", "bills"])
        #expect(token.claims.scopes == ["orders.read", "orders.write"])
        #expect(token.claims.expiresAt == 2_000_000_000)
        #expect(token.type == "JWT")
    }

    @Test(arguments: TokenVectors.tokens.map(\.algorithm))
    func `a token of which one character is another is refused`(algorithm: String) {
        let token = TokenVectors.token(algorithm)
        // A hundred places all over header, payload and signature.
        for place in stride(from: 0, to: token.count, by: max(1, token.count / 100)) {
            var changed = token
            changed[place] = token[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: TokenFailure.self) { try verify(changed) }
        }
    }

    @Test(arguments: TokenVectors.tokens.map(\.algorithm))
    func `a token is taken under no other algorithm of its key`(algorithm: String) throws {
        let text = String(decoding: TokenVectors.token(algorithm), as: UTF8.self)
        let parts = text.split(separator: ".")
        let own = try CompactToken(TokenVectors.token(algorithm).span)
        for other in TokenAlgorithm.allCases where other != own.algorithm {
            let header = Base64.url.encode(Array(#"{"alg":"\#(other.rawValue)","kid":"\#(own.keyID ?? "")"}"#.utf8))
            let token = header + Array(".\(parts[1]).\(parts[2])".utf8)
            #expect(throws: TokenFailure.self) { try verify(token) }
        }
    }

    @Test func `a public key is never a secret`() throws {
        let claims = #"{"iss":"https://id.example","exp":2000000000}"#
        let rsa = try #require(keys.keys.first { $0.id == "rsa" })
        let material = TokenVectors.rsaPEM
        for secret in [material, material + "\n", material.replacing("\n", with: "\r\n"), TokenVectors.keySet] {
            for header in [#"{"alg":"HS256","kid":"rsa"}"#, #"{"alg":"HS256"}"#, #"{"alg":"HS256","kid":"secret"}"#] {
                let token = TokenMaker.hmac(header: header, claims: claims, secret: secret.utf8)
                #expect(throws: TokenFailure.self) { try verify(token) }
                #expect(throws: TokenFailure.self) { try verify(token, keys: KeySet([rsa])) }
            }
        }
    }

    @Test(arguments: ["none", "None", "NONE", "nOnE", "", "ES257", "es256", "HS2560", "RS256 ", "HS25\\u0036x"])
    func `an algorithm that is none of ours is refused`(name: String) {
        for signature in [[], [0], Array("none".utf8)] as [[UInt8]] {
            let token = TokenMaker.forged(
                header: #"{"alg":"\#(name)","kid":"rsa"}"#,
                claims: "{}",
                signature: signature
            )
            #expect(throws: TokenFailure.algorithmRefused) { try verify(token) }
        }
    }

    @Test func `an empty signature is refused`() {
        let token = TokenMaker.forged(header: #"{"alg":"RS256","kid":"rsa"}"#, claims: "{}", signature: [])
        #expect(throws: TokenFailure.malformed(.signature)) { try verify(token) }
    }

    @Test(arguments: [
        #"{"alg":"ES256","kid":"../../dev/null"}"#, #"{"alg":"ES256","kid":"k1' OR '1'='1"}"#,
        #"{"alg":"ES256","kid":""}"#,
        #"{"alg":"ES256","kid":"K1"}"#, #"{"alg":"ES256","kid":"k1\u0000"}"#,
    ])
    func `a kid that is not the key's own bytes finds nothing`(header: String) throws {
        let maker = TokenMaker()
        let token = try maker.token(header: header, claims: "{}")
        #expect(throws: TokenFailure.unknownKey) { try verify(token, keys: maker.keySet()) }
    }

    @Test func `a key that the token brings along is not looked at`() throws {
        let (maker, attacker) = (TokenMaker(), TokenMaker())
        let point = attacker.key.publicKey.rawRepresentation
        let x = String(decoding: Base64.url.encode(point.prefix(32)), as: UTF8.self)
        let y = String(decoding: Base64.url.encode(point.suffix(32)), as: UTF8.self)
        let header = """
            {"alg":"ES256","kid":"k1","jku":"https://evil.example/keys",\
            "jwk":{"kty":"EC","crv":"P-256","kid":"k1","x":"\(x)","y":"\(y)"}}
            """
        let token = try attacker.token(header: header, claims: "{}")
        #expect(throws: TokenFailure.wrongSignature) { try verify(token, keys: maker.keySet()) }
    }

    @Test(arguments: [
        (#"{"alg":"ES256","kid":"k1","crit":["b64"],"b64":false}"#, TokenFailure.malformed(.criticalExtension)),
        (#"{"alg":"ES256","kid":"k1","crit":[]}"#, .malformed(.criticalExtension)),
        (#"{"alg":"ES256","alg":"none","kid":"k1"}"#, .malformed(.header)), (#"{"kid":"k1"}"#, .malformed(.header)),
        (#"{"alg":["ES256"],"kid":"k1"}"#, .malformed(.header)), (#"{"alg":"ES256","kid":1}"#, .malformed(.header)),
        (#"{"alg":"ES256","kid":"k1","typ":1}"#, .malformed(.header)), (#"["ES256"]"#, .malformed(.header)),
        (#"{"alg":"ES256","kid":"k1"} x"#, .malformed(.header)),
    ])
    func `a header that is not plain is refused`(header: String, failure: TokenFailure) throws {
        let maker = TokenMaker()
        let token = try maker.token(header: header, claims: "{}")
        #expect(throws: failure) { try verify(token, keys: maker.keySet()) }
    }

    @Test(arguments: ["[]", "1", "", #"{"a":1,"a":2}"#, "{", "null"])
    func `a payload that is no object is refused`(claims: String) throws {
        let maker = TokenMaker()
        let token = try maker.token(claims: claims)
        #expect(throws: TokenFailure.malformed(.payload)) { try verify(token, keys: maker.keySet()) }
    }

    @Test(arguments: [
        ("", TokenFault.notThreeParts), ("a.b", .notThreeParts), ("a.b.c.d", .notThreeParts),
        ("a.b.c.d.e", .notThreeParts),
        ("..", .header), ("eyJhbGciOiJSUzI1NiJ9=.e30.AA", .header), ("eyJhbGciOiJSUzI1NiJ9.e30=.AA", .payload),
        ("eyJhbGciOiJSUzI1NiJ9.e30.AA==", .signature), ("eyJhbGciOiJSUzI1NiJ9.e30.A+", .signature),
        (" eyJhbGciOiJSUzI1NiJ9.e30.AA", .header),
    ])
    func `a text that is no token is refused`(text: String, fault: TokenFault) {
        #expect(throws: TokenFailure.malformed(fault)) { try verify(Array(text.utf8)) }
    }

    @Test func `a token over the limit is refused`() throws {
        let maker = TokenMaker()
        let filling = String(repeating: "x", count: 12_000)
        #expect(throws: Never.self) {
            try verify(try maker.token(claims: #"{"x":"\#(filling)"}"#), keys: maker.keySet())
        }
        let larger = try maker.token(claims: #"{"x":"\#(filling)\#(filling)"}"#)
        #expect(throws: TokenFailure.malformed(.tooLong)) { try verify(larger, keys: maker.keySet()) }
        let header = try maker.token(header: #"{"alg":"ES256","x":"\#(filling.prefix(4000))"}"#, claims: "{}")
        #expect(throws: TokenFailure.malformed(.tooLong)) { try verify(header, keys: maker.keySet()) }
    }

    @Test func `without a kid only a single fitting key is tried`() throws {
        let (maker, other) = (TokenMaker(), TokenMaker())
        let token = try maker.token(header: #"{"alg":"ES256"}"#, claims: "{}")
        #expect(throws: Never.self) { try verify(token, keys: maker.keySet()) }
        let two = KeySet(try maker.keySet().keys + [VerificationKey(id: "k2", material: other.material())])
        #expect(throws: TokenFailure.unknownKey) { try verify(token, keys: two) }
    }

    @Test func `a route's algorithms are a bound`() throws {
        let token = try CompactToken(TokenVectors.token("ES256").span)
        #expect(throws: TokenFailure.algorithmRefused) { try token.verified(by: keys, algorithms: .rsa) }
        let signed = try CompactToken(TokenVectors.token("RS256").span)
        #expect(throws: Never.self) { try signed.verified(by: keys, algorithms: .rsa) }
    }

    @Test func `a signature in DER is refused`() throws {
        let maker = TokenMaker()
        let (header, claims) = (#"{"alg":"ES256","kid":"k1"}"#, "{}")
        let sound = try maker.token(header: header, claims: claims)
        let raw = try CompactToken(sound.span).signature
        let der = try P256.Signing.ECDSASignature(rawRepresentation: raw).derRepresentation
        let token = TokenMaker.forged(header: header, claims: claims, signature: der)
        #expect(throws: TokenFailure.wrongSignature) { try verify(token, keys: maker.keySet()) }
        let zeros = TokenMaker.forged(header: header, claims: claims, signature: [UInt8](repeating: 0, count: 64))
        #expect(throws: TokenFailure.wrongSignature) { try verify(zeros, keys: maker.keySet()) }
    }
}
