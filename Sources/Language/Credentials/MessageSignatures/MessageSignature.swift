/// A request's signature (RFC 9421), found and held against a policy, and not yet believed.
///
///     let signature = try MessageSignature(of: request, policy: policy, now: seconds)
///     guard let key = keys[signature.keyID] else { … }
///     let verified = try signature.verified(of: request, by: key)
public struct MessageSignature: Sendable {
    /// What the client calls it.
    public let label: String
    /// Which key the client says it is by.
    public let keyID: String
    /// When the client says it was made, in seconds since 1970.
    public let created: Int64
    /// From when on it is void.
    public let expires: Int64?
    /// The text that the client uses once.
    public let nonce: String?
    /// The algorithm that the client names.
    public let algorithm: String?

    private let input: StructuredDictionary
    private let entry: StructuredDictionary.Entry
    private let signature: [UInt8]
    private let coversContentDigest: Bool

    /// Finds the signature that a policy looks for, and checks all that needs no key.
    /// - Parameter now: seconds since 1970.
    public init(of request: some SignableRequest, policy: SignaturePolicy, now: Int64) throws(SignatureFailure) {
        let input = try Self.dictionary("signature-input", in: request)
        let signatures = try Self.dictionary("signature", in: request)
        let entry = try Self.choose(from: input, policy)
        guard case .list(let members, let parameters) = entry.content else { throw .malformed }
        let key = Array(input.bytes[entry.key])
        guard case .member(let value)? = signatures.entry(key.span)?.content,
            let signature = signatures.bytes(of: value.item), !signature.isEmpty
        else { throw .malformed }
        let keyID = try Self.text("keyid", in: input, parameters, most: SignaturePolicy.mostKeyIDBytes)
        guard let keyID else { throw .missingParameter("keyid") }
        guard let created = try Self.time("created", in: input, parameters) else {
            throw .missingParameter("created")
        }
        let covered = try Self.covered(members, in: input)
        guard policy.isMet(byCovered: covered, hasContent: request.hasContent) else { throw .notCovered }

        label = String(decoding: key, as: UTF8.self)
        self.keyID = keyID
        self.created = created
        nonce = try Self.text("nonce", in: input, parameters, most: SignaturePolicy.mostNonceBytes)
        algorithm = try Self.text("alg", in: input, parameters, most: 64)
        expires = try Self.time("expires", in: input, parameters)
        self.input = input
        self.entry = entry
        self.signature = signature
        coversContentDigest = covered.contains(SignaturePolicy.contentDigest)
        try check(policy, now: now)
    }

    private func check(_ policy: SignaturePolicy, now: Int64) throws(SignatureFailure) {
        guard nonce != nil || !policy.requiresNonce else { throw .missingParameter("nonce") }
        guard expires != nil || !policy.requiresExpires else { throw .missingParameter("expires") }
        guard created <= now + policy.clockSkew else { throw .fromFuture }
        guard now - created <= policy.maxAge + policy.clockSkew else { throw .tooOld }
        if let expires {
            guard now <= expires + policy.clockSkew else { throw .expired }
        }
    }

    /// Checks the signature with the key that `keyID` names.
    ///
    /// A nonce counts as used only after this: who cannot sign must not use up others' nonces.
    public func verified(
        of request: some SignableRequest,
        by key: MessageKey
    ) throws(SignatureFailure) -> VerifiedMessage {
        if let algorithm, algorithm != key.algorithm.rawValue { throw .algorithmRefused }
        let base = try SignatureBase(of: request, input: input, entry: entry).bytes
        guard key.material.isValid(signature, of: base.span, by: key.algorithm.scheme) else { throw .wrongSignature }
        var digest: ContentDigest?
        if coversContentDigest {
            var field: [UInt8] = []
            FieldValues.append(of: Array("content-digest".utf8), in: request, wrapped: false, to: &field)
            guard let parsed = ContentDigest(field) else { throw .unusableDigest }
            digest = parsed
        }
        return VerifiedMessage(label: label, keyID: keyID, created: created, nonce: nonce, contentDigest: digest)
    }

    // MARK: Reading the fields

    private static func dictionary(
        _ name: String,
        in request: some SignableRequest
    ) throws(SignatureFailure) -> StructuredDictionary {
        let name = Array(name.utf8)
        guard FieldValues.isPresent(name, in: request) else { throw .absent }
        var field: [UInt8] = []
        FieldValues.append(of: name, in: request, wrapped: false, to: &field)
        guard let dictionary = try? StructuredDictionary(field) else { throw .malformed }
        return dictionary
    }

    private static func choose(
        from input: StructuredDictionary,
        _ policy: SignaturePolicy
    ) throws(SignatureFailure) -> StructuredDictionary.Entry {
        let fitting = input.entries.filter { entry in
            if let label = policy.label, !input.bytes[entry.key].elementsEqual(label.utf8) { return false }
            guard let tag = policy.tag else { return true }
            guard case .list(_, let parameters) = entry.content,
                let item = input.parameter("tag", in: parameters), item.kind == .text
            else { return false }
            return input.text(of: item)?.elementsEqual(tag.utf8) == true
        }
        guard let entry = fitting.first else { throw .absent }
        guard fitting.count == 1 else { throw .ambiguous }
        return entry
    }

    /// The identifiers as they are written; none may come twice (RFC 9421, 2).
    private static func covered(
        _ members: Range<Int>,
        in input: StructuredDictionary
    ) throws(SignatureFailure) -> [[UInt8]] {
        var covered: [[UInt8]] = []
        for index in members {
            var identifier: [UInt8] = []
            input.write(input.members[index], to: &identifier)
            guard !covered.contains(identifier) else { throw .malformed }
            covered.append(identifier)
        }
        return covered
    }

    private static func text(
        _ name: StaticString,
        in input: StructuredDictionary,
        _ parameters: Range<Int>,
        most: Int
    ) throws(SignatureFailure) -> String? {
        guard let item = input.parameter(name, in: parameters) else { return nil }
        guard item.kind == .text, let text = input.text(of: item), (1...most).contains(text.count) else {
            throw .malformed
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func time(
        _ name: StaticString,
        in input: StructuredDictionary,
        _ parameters: Range<Int>
    ) throws(SignatureFailure) -> Int64? {
        guard let item = input.parameter(name, in: parameters) else { return nil }
        guard item.kind == .integer else { throw .malformed }
        return item.value
    }
}

/// A request whose signature holds. There is no other way to make one than to check it.
public struct VerifiedMessage: Sendable {
    /// What the client calls the signature.
    public let label: String
    /// The key that it is by.
    public let keyID: String
    /// When it was made, in seconds since 1970.
    public let created: Int64
    /// The text that must not have been seen before, of this key.
    public let nonce: String?
    /// What the content must hash to: there if the signature covers it. Until that is checked, nothing is known about
    /// the content.
    public let contentDigest: ContentDigest?

    fileprivate init(label: String, keyID: String, created: Int64, nonce: String?, contentDigest: ContentDigest?) {
        self.label = label
        self.keyID = keyID
        self.created = created
        self.nonce = nonce
        self.contentDigest = contentDigest
    }
}
