import Testing

@testable import Credentials

@Suite struct KeySetTests {
    private func set(_ members: String...) throws(KeySetFault) -> KeySet {
        try KeySet(document: Array("{\"keys\":[\(members.joined(separator: ","))]}".utf8))
    }

    private func point(_ more: String) -> String {
        #"{"kty":"EC","crv":"P-256","x":"\#(TokenVectors.point.x)","y":"\#(TokenVectors.point.y)"\#(more)}"#
    }

    private func rsa(modulus bytes: Int, first: UInt8 = 0xFF, exponent: String = "AQAB") -> String {
        var modulus = [UInt8](repeating: 0xFF, count: bytes)
        modulus[0] = first
        let text = String(decoding: Base64.url.encode(modulus), as: UTF8.self)
        return #"{"kty":"RSA","n":"\#(text)","e":"\#(exponent)"}"#
    }

    @Test func `keys that cannot be used do not spoil the others`() throws {
        let set = try set(
            point(#","kid":"a""#),
            #"{"kty":"oct","k":"AAAA","kid":"b"}"#,
            point(#","kid":"c","use":"enc""#),
            "7",
            point(#","kid":"a""#),
            point(#","kid":"d","alg":"ES256""#)
        )
        #expect(set.keys.map(\.id) == ["a", "d"])
        #expect(set.skipped.map(\.index) == [1, 2, 3, 4])
        #expect(
            set.skipped.map(\.fault) == [
                .publishedSecret, .notForSignatures, .missingMember("kty"), .duplicateID,
            ]
        )
        #expect(set.skipped.map(\.id) == ["b", "c", nil, "a"])
    }

    @Test func `faults of keys are told`() throws {
        let cases: [(String, KeyFault)] = [
            (rsa(modulus: 255), .wrongSize(bits: 2040)), (rsa(modulus: 256, first: 0x7F), .wrongSize(bits: 2047)),
            (rsa(modulus: 1025), .wrongSize(bits: 8200)), (rsa(modulus: 256, exponent: "AQ"), .notAKey),
            (rsa(modulus: 256, exponent: "BA"), .notAKey), (rsa(modulus: 256, exponent: ""), .missingMember("e")),
            (#"{"kty":"RSA","e":"AQAB"}"#, .missingMember("n")),
            (#"{"kty":"RSA","n":"+/","e":"AQAB"}"#, .missingMember("n")),
            (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, .notAKey),
            (#"{"kty":"EC","crv":"P-256","x":"\#(TokenVectors.point.x)","y":"\#(TokenVectors.point.x)"}"#, .notAKey),
            (#"{"kty":"EC","x":"AA","y":"AA"}"#, .missingMember("crv")),
            (#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#, .unsupportedKind("EC secp256k1")),
            (#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, .unsupportedKind("OKP X25519")),
            (#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, .notAKey), (#"{"kty":"new"}"#, .unsupportedKind("new")),
            (point(#","d":"AAAA""#), .publishedPrivateKey), (point(#","key_ops":["sign"]"#), .notForSignatures),
            (point(#","key_ops":"verify""#), .notForSignatures),
            (point(#","alg":"ES384""#), .unsupportedAlgorithm("ES384")),
            (point(#","alg":"HS256""#), .unsupportedAlgorithm("HS256")),
            (point(#","alg":"none""#), .unsupportedAlgorithm("\"none\"")),
            (point(#","kid":7"#), .unusableID),
            (point(#","kid":"\#(String(repeating: "k", count: 257))""#), .unusableID),
        ]
        for (member, fault) in cases {
            let set = try set(member)
            #expect(set.keys.isEmpty && set.skipped.map(\.fault) == [fault], "\(member.prefix(80))")
        }
    }

    @Test(arguments: ["", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[],"keys":[]}"#, #"{"keys":[]"#])
    func `a document that is no key set is refused`(text: String) {
        #expect(throws: KeySetFault.self) { try KeySet(document: Array(text.utf8)) }
    }

    @Test func `a set has a bound`() throws {
        let members = Array(repeating: "1", count: 129).joined(separator: ",")
        #expect(throws: KeySetFault.tooManyKeys) { try set(members) }
    }

    @Test func `a key is for the algorithms of its kind only`() throws {
        let p256 = try #require(try set(point("")).keys.first)
        #expect(TokenAlgorithm.allCases.filter(p256.allows) == [.es256])
        let rsa = try VerificationKey(id: nil, material: KeyMaterial(pem: TokenVectors.rsaPEM))
        #expect(TokenAlgorithm.allCases.filter(rsa.allows) == [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512])
        let bound = try VerificationKey(id: nil, material: rsa.material, algorithm: .ps256)
        #expect(TokenAlgorithm.allCases.filter(bound.allows) == [.ps256])
    }

    @Test(
        arguments: [
            (31, []), (32, [.hs256]), (48, [.hs256, .hs384]), (64, [.hs256, .hs384, .hs512]),
        ] as [(Int, [TokenAlgorithm])]
    )
    func `a secret is for hashes that are no longer than it`(count: Int, algorithms: [TokenAlgorithm]) throws {
        let material = try? KeyMaterial(secret: [UInt8](repeating: 7, count: count))
        let key = try material.map { try VerificationKey(id: nil, material: $0) }
        #expect(TokenAlgorithm.allCases.filter { key?.allows($0) == true } == algorithms)
    }

    @Test(arguments: ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "MIIBIjANBg"])
    func `what is no key in PEM is refused`(pem: String) {
        #expect(throws: KeyFault.notPEM) { try KeyMaterial(pem: pem) }
    }
}
