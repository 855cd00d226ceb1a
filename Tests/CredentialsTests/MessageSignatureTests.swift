import Crypto
import Testing

@testable import Credentials

@Suite struct MessageSignatureTests {
    private let open = SignaturePolicy(required: [], requiresContentDigest: false)
    private let now = MessageVector.created

    private func verify(
        _ request: PlainRequest,
        key: MessageKey,
        policy: SignaturePolicy? = nil,
        now: Int64? = nil
    ) throws(SignatureFailure) -> VerifiedMessage {
        try MessageSignature(of: request, policy: policy ?? open, now: now ?? self.now).verified(of: request, by: key)
    }

    @Test(arguments: MessageVector.all)
    func `the RFC's signature is taken`(vector: MessageVector) throws {
        let message = try verify(vector.request, key: vector.key())
        #expect(message.label == vector.label)
        #expect(message.created == now)
        if let digest = message.contentDigest { #expect(digest.matches(MessageVector.content)) }
    }

    @Test(arguments: MessageVector.all)
    func `the base is the RFC's`(vector: MessageVector) throws {
        let input = try StructuredDictionary(Array("\(vector.label)=\(vector.input)".utf8))
        let entry = try #require(input.entries.first)
        let base = try SignatureBase(of: vector.request, input: input, entry: entry).bytes
        let lines = vector.lines + [#""@signature-params": \#(vector.input)"#]
        #expect(String(decoding: base, as: UTF8.self) == lines.joined(separator: "\n"))
    }

    @Test(arguments: MessageVector.all)
    func `a change of what is covered is seen`(vector: MessageVector) throws {
        let key = try vector.key()
        var changes: [(String, (inout PlainRequest) -> Void)] = [
            ("created", { $0.fields[5].value.replace("1618884473", with: "1618884474") }),
            ("keyid", { $0.fields[5].value.replace("test-", with: "rest-") }),
        ]
        if vector.input.contains("@method") { changes.append(("method", { $0.method = "PUT" })) }
        if vector.input.contains("@authority") { changes.append(("authority", { $0.authority = "example.org" })) }
        if vector.input.contains("@path") { changes.append(("path", { $0.target = "/fooo?param=Value&Pet=dog" })) }
        if vector.input.contains("@query") { changes.append(("query", { $0.target = "/foo?param=Value&Pet=cat" })) }
        for index in 0..<5 where vector.input.contains(vector.request.fields[index].name) {
            changes.append(("field \(index)", { $0.fields[index].value += "x" }))
            changes.append(("twice \(index)", { $0.fields.append($0.fields[index]) }))
            changes.append(("gone \(index)", { $0.fields[index].name = "x" }))
        }
        for (name, change) in changes {
            var request = vector.request
            change(&request)
            #expect(throws: SignatureFailure.self, "\(name)") { try verify(request, key: key) }
        }
    }

    @Test func `a signature counts under its own key only`() throws {
        for vector in MessageVector.all {
            for other in MessageVector.all where other.algorithm != vector.algorithm {
                let key = try other.key()
                #expect(throws: SignatureFailure.wrongSignature) { try verify(vector.request, key: key) }
            }
        }
    }

    @Test func `the algorithm is the key's, whatever the client names`() throws {
        let key = try MessageKey(KeyMaterial(secret: [UInt8](repeating: 1, count: 32)))
        let signer = RequestSigner(secret: [UInt8](repeating: 1, count: 32))
        let named = signer.sign(.plain, input: #"("@method");created=1618884473;keyid="k";alg="hmac-sha256""#)
        #expect(throws: Never.self) { try verify(named, key: key) }
        for name in ["ed25519", "HMAC-SHA256", "none", "rsa-v1_5-sha256"] {
            let other = signer.sign(.plain, input: #"("@method");created=1618884473;keyid="k";alg="\#(name)""#)
            #expect(throws: SignatureFailure.algorithmRefused) { try verify(other, key: key) }
        }
    }

    @Test func `a public key's text is no secret`() throws {
        let key = try MessageKey(KeyMaterial(pem: MessageVector.p256))
        for secret in [MessageVector.p256, MessageVector.p256 + "\n"] {
            let signer = RequestSigner(secret: Array(secret.utf8))
            let request = signer.sign(.plain, input: #"("@method");created=1618884473;keyid="k""#)
            #expect(throws: SignatureFailure.wrongSignature) { try verify(request, key: key) }
        }
    }

    @Test func `an RSA key may be for the older padding`() throws {
        let material = try KeyMaterial(pem: TokenVectors.rsaPEM)
        #expect(try MessageKey(material).algorithm == .rsaPSS)
        #expect(try MessageKey(material, algorithm: .rsaPKCS1).algorithm == .rsaPKCS1)
        #expect(throws: KeyFault.unsupportedAlgorithm("ed25519")) { try MessageKey(material, algorithm: .ed25519) }
        #expect(throws: KeyFault.self) { try MessageKey(KeyMaterial(secret: TokenVectors.secret), algorithm: .rsaPSS) }
    }
}

/// Signs as a client does that shares a secret.
struct RequestSigner {
    var secret = [UInt8](repeating: 1, count: 32)

    /// Adds both fields; of what the request does not have, an empty base is signed.
    func sign(_ request: PlainRequest, label: String = "sig", input: String) -> PlainRequest {
        var signed = request
        var base: [UInt8] = []
        if let dictionary = try? StructuredDictionary(Array("\(label)=\(input)".utf8)),
            let entry = dictionary.entries.first
        {
            base = (try? SignatureBase(of: request, input: dictionary, entry: entry).bytes) ?? []
        }
        let code = HMAC<SHA256>.authenticationCode(for: base, using: SymmetricKey(data: secret))
        let text = String(decoding: Base64.padded.encode(Array(code)), as: UTF8.self)
        signed.fields += [("signature-input", "\(label)=\(input)"), ("signature", "\(label)=:\(text):")]
        return signed
    }
}

extension PlainRequest {
    static let plain = PlainRequest(method: "GET", authority: "example.com", target: "/a")
}
