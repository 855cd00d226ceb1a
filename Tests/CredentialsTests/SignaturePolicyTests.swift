import Testing

@testable import Credentials

@Suite struct SignaturePolicyTests {
    private let signer = RequestSigner()
    private let now: Int64 = 1_800_000_000

    private func check(
        _ parameters: String,
        covering components: String = #""@method""#,
        of request: PlainRequest = .plain,
        policy: SignaturePolicy = SignaturePolicy(required: ["@method"])
    ) throws(SignatureFailure) -> VerifiedMessage {
        let signed = signer.sign(request, input: "(\(components))\(parameters)")
        let key: MessageKey
        do {
            key = try MessageKey(KeyMaterial(secret: signer.secret))
        } catch {
            throw .absent
        }
        return try MessageSignature(of: signed, policy: policy, now: now).verified(of: signed, by: key)
    }

    @Test(arguments: [1_799_999_670, 1_799_999_999, 1_800_000_000, 1_800_000_030])
    func `a signature of now is taken`(created: Int) throws {
        _ = try check(#";created=\#(created);keyid="k""#)
    }

    @Test(arguments: [
        (#";created=1800000031;keyid="k""#, SignatureFailure.fromFuture), (#";created=1799999669;keyid="k""#, .tooOld),
        (#";created=-999999999999999;keyid="k""#, .tooOld), (#";created=999999999999999;keyid="k""#, .fromFuture),
        (#";created=1800000000;expires=1799999969;keyid="k""#, .expired),
        (#";keyid="k""#, .missingParameter("created")),
        (";created=1800000000", .missingParameter("keyid")), (#";created="1800000000";keyid="k""#, .malformed),
        (#";created=1800000000.0;keyid="k""#, .malformed), (";created=1800000000;keyid=k", .malformed),
        (#";created=1800000000;keyid="""#, .malformed), (#";created=1;created=1800000000;keyid="k""#, .malformed),
        (#";created=1800000000;keyid="k";nonce=7"#, .malformed),
        (#";created=1800000000;keyid="\#(String(repeating: "k", count: 257))""#, .malformed),
    ])
    func `a signature of another time or form is refused`(parameters: String, failure: SignatureFailure) {
        #expect(throws: failure) { try check(parameters) }
    }

    @Test func `what the policy asks for must be there`() throws {
        let parameters = #";created=1800000000;keyid="k""#
        let nonce = SignaturePolicy(required: [], requiresNonce: true)
        #expect(throws: SignatureFailure.missingParameter("nonce")) { try check(parameters, policy: nonce) }
        #expect(try check(parameters + #";nonce="n-1""#, policy: nonce).nonce == "n-1")
        let expires = SignaturePolicy(required: [], requiresExpires: true)
        #expect(throws: SignatureFailure.missingParameter("expires")) { try check(parameters, policy: expires) }
        #expect(throws: Never.self) { try check(parameters + ";expires=1800000001", policy: expires) }
    }

    @Test(arguments: [
        (["@method"], #""@method""#, true), (["@method"], #""@path""#, false), (["@method"], "", false),
        (["@path", "@query"], #""@target-uri""#, true), (["@path"], #""@request-target""#, true),
        (["@authority"], #""@target-uri""#, true), (["@authority"], #""@request-target""#, false),
        (["@method"], #""@target-uri""#, false),
        (["date"], #""date""#, true), (["date"], #""date";bs"#, false),
        ([#"@query-param;name="id""#], #""@query-param";name="id""#, true),
        ([#"@query-param;name="id""#], #""@query-param";name="no""#, false), ([], "", true),
    ])
    func `what must be covered is covered`(required: [String], components: String, isTaken: Bool) {
        var request = PlainRequest.plain
        request.target = "/a?id=1&no=2"
        request.fields = [("date", "today")]
        let policy = SignaturePolicy(required: required)
        if isTaken {
            #expect(throws: Never.self) {
                try check(#";created=1800000000;keyid="k""#, covering: components, of: request, policy: policy)
            }
        } else {
            #expect(throws: SignatureFailure.notCovered) {
                try check(#";created=1800000000;keyid="k""#, covering: components, of: request, policy: policy)
            }
        }
    }

    @Test func `content is covered by its digest`() throws {
        let parameters = #";created=1800000000;keyid="k""#
        var request = PlainRequest.plain
        request.hasContent = true
        request.fields = [("content-digest", MessageVector.digest)]
        #expect(throws: SignatureFailure.notCovered) { try check(parameters, of: request) }
        let covering = #""@method" "content-digest""#
        let digest = try #require(try check(parameters, covering: covering, of: request).contentDigest)
        #expect(digest.matches(MessageVector.content))
        #expect(!digest.matches(Array("x".utf8)))
        request.fields = [("content-digest", "md5=:AAAA:")]
        #expect(throws: SignatureFailure.unusableDigest) { try check(parameters, covering: covering, of: request) }
    }

    @Test func `one of several signatures is meant`() throws {
        let input = #"("@method");created=1800000000;keyid="k""#
        var request = signer.sign(.plain, label: "a", input: input)
        let other = signer.sign(.plain, label: "b", input: input + #";tag="app""#)
        request.fields += other.fields
        #expect(throws: SignatureFailure.ambiguous) {
            try MessageSignature(of: request, policy: SignaturePolicy(required: []), now: now)
        }
        let labelled = SignaturePolicy(required: [], label: "a")
        #expect(try MessageSignature(of: request, policy: labelled, now: now).label == "a")
        let tagged = SignaturePolicy(required: [], tag: "app")
        #expect(try MessageSignature(of: request, policy: tagged, now: now).label == "b")
        let neither = SignaturePolicy(required: [], label: "a", tag: "app")
        #expect(throws: SignatureFailure.absent) { try MessageSignature(of: request, policy: neither, now: now) }
    }

    @Test(
        arguments: [
            ([], SignatureFailure.absent), ([("signature", "sig=:AAAA:")], .absent),
            ([("signature-input", #"sig=();created=1800000000;keyid="k""#)], .absent),
            ([("signature-input", "sig=()"), ("signature", "other=:AAAA:")], .malformed),
            ([("signature-input", #"sig=();keyid="k""#), ("signature", "sig=AAAA")], .malformed),
            ([("signature-input", #"sig=();keyid="k""#), ("signature", "sig=::")], .malformed),
            ([("signature-input", "sig"), ("signature", "sig=:AAAA:")], .malformed),
            ([("signature-input", "sig=("), ("signature", "sig=:AAAA:")], .malformed),
            ([("signature-input", "sig=(), sig=()"), ("signature", "sig=:AAAA:")], .malformed),
            ([("signature-input", "sig=()"), ("signature-input", "sig=()"), ("signature", "sig=:AAAA:")], .malformed),
            ([("signature-input", ""), ("signature", "")], .absent),
        ] as [([(name: String, value: String)], SignatureFailure)]
    )
    func `fields that are no signature are refused`(
        fields: [(name: String, value: String)],
        failure: SignatureFailure
    ) {
        var request = PlainRequest.plain
        request.fields = fields
        #expect(throws: failure) {
            try MessageSignature(of: request, policy: SignaturePolicy(required: []), now: now)
        }
    }
}
