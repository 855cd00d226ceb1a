extension Shape<SignatureAuthorization> {
    private static var defaults: SignatureAuthorization { SignatureAuthorization() }

    /// `authorizers.*.signature`.
    static var signature: Shape {
        .record(
            "a mapping of what signatures must cover and say",
            .optional(
                "components",
                Shape<[Located<String>]>.list(of: .component, orOne: true)
                    .map(written: { .array($0.map { .string($0) }) }) { $0.map(\.value) },
                default: defaults.components,
                "What a signature covers at least: header names, @method, @authority, @path, @query, @target-uri …"
            ),
            .optional("label", Shape<String>.label, "Which of a request's signatures counts, when there are several."),
            .optional("tag", Shape<String>.text("a tag"), "The tag that a signature must have."),
            .optional(
                "max_age",
                .duration(from: .seconds(1), to: .seconds(3_600)),
                default: defaults.maxAge,
                "How long after created a signature is good."
            ),
            .optional(
                "skew",
                .duration(from: .zero, to: .seconds(300)),
                default: defaults.clockSkew,
                "By how much clients' clocks may differ."
            ),
            .optional("expires", .need, default: false, "Whether a signature must say when it ends."),
            .optional(
                "nonce",
                .need,
                default: true,
                "Whether a signature must have a nonce, which is taken once. Without one, it can be sent again within max_age."
            ),
            .optional(
                "most_nonces",
                .integer(1_000...100_000_000),
                default: defaults.mostNonces,
                "The nonces that are remembered at once, at most; signatures beyond are told to come back."
            ),
            .optional(
                "on_failure",
                Shape<SignatureAuthorization.NonceFailureRule>.choice(
                    SignatureAuthorization.NonceFailureRule.allCases.map { ($0.rawValue, $0) }
                ),
                "While Redis can't be asked for a nonce, a signature gets 503 (closed, unless stated), or this gateway decides alone (local)."
            ),
            .optional(
                "content_digest",
                .digestRule,
                default: defaults.digest,
                "Which requests must have a covered Content-Digest: those with content, those by some methods, or none."
            ),
            .optional(
                "body_limit",
                .bytes(0...(1 << 26)),
                default: defaults.mostBodyBytes,
                "The largest content that is gathered to be held against its digest."
            )
        ) {
            SignatureAuthorization(
                components: $0,
                label: $1,
                tag: $2,
                maxAge: $3,
                clockSkew: $4,
                requiresExpires: $5,
                requiresNonce: $6,
                mostNonces: $7,
                onNonceFailure: $8,
                digest: $9,
                mostBodyBytes: $10
            )
        }
    }
}

extension Shape<Bool> {
    fileprivate static var need: Shape { .choice([("required", true), ("optional", false)]) }
}

extension Shape<SignatureAuthorization.DigestRule> {
    fileprivate static var digestRule: Shape {
        let method = Shape<String>.scalar("a method, as POST", pattern: "^[A-Z]+$") { (text) throws(Fault) in
            guard !text.isEmpty, text.utf8.allSatisfy({ (65...90).contains($0) }) else {
                throw Fault("expected a method, as POST", text: text, suggestion: text.uppercased())
            }
            return text
        }
        return .either(
            scalar: .choice([("with_content", .withContent), ("never", .never)]),
            sequence: Shape<[Located<String>]>.list(of: method).map { .methods($0.map(\.value)) }
        )
    }
}

extension Shape<String> {
    private static var derived: [String] {
        ["@method", "@authority", "@path", "@query", "@target-uri", "@request-target", "@scheme"]
    }

    fileprivate static var component: Shape {
        let expected = "a header's name in lower case, a derived component as @path, or @query-param;name=\"id\""
        return .scalar(expected, written: { .string($0) }) { (text) throws(Fault) in
            let name = String(text.prefix { $0 != ";" })
            let parameters = text.dropFirst(name.count)
            let isQuery = name == "@query-param" && parameters.hasPrefix(";name=\"") && parameters.hasSuffix("\"")
            if isQuery || derived.contains(text) { return text }
            let isField = HeaderField.isName(name) && name == name.lowercased() && !name.hasPrefix("@")
            let isKey = parameters.hasPrefix(";key=\"") && parameters.hasSuffix("\"")
            if isField, parameters.isEmpty || parameters == ";bs" || isKey { return text }
            let suggestion = Spelling.closest(to: text, among: derived)
            throw Fault("expected \(expected)", text: text, suggestion: suggestion)
        }
    }

    fileprivate static var label: Shape {
        let expected = "a label (a lower-case letter, then letters, digits, - _ . *)"
        return .scalar(expected, pattern: "^[a-z*][a-z0-9_.*-]*$") { (text) throws(Fault) in
            let isKey = text.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (48...57).contains(byte) || "_-.*".utf8.contains(byte)
            }
            guard isKey, let first = text.first, first.isLetter || first == "*" else {
                throw Fault("expected \(expected)", text: text)
            }
            return text
        }
    }
}
