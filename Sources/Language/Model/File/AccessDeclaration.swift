/// Who may call, as an API or a route says it, and what backends are told about them.
struct AccessDeclaration {
    /// `nil` when nothing is said; `.some(nil)` is `authorize: none`.
    var rule: Located<AccessRule?>?
    /// `nil` when nothing is said.
    var claimHeaders: [ClaimHeader]?
}

extension Shape<AccessRule?> {
    /// `authorize`.
    static var access: Shape {
        .either(
            scalar: Shape<String>.text("an authorizer's name, or none").map(written: { _ in nil }) { name in
                name == "none" ? nil : .authorizer(name, scopes: [])
            },
            mapping: Shape<AccessRule?>.combination(of: .innerAccess)
        )
    }

    /// What stands in `any_of` and `all_of`: names, or the other kind of list. Two levels say all that is needed.
    private static var innerAccess: Shape {
        let name = Shape<AccessRule?>.scalar("an authorizer's name") { (text) throws(Fault) in
            guard text != "none" else { throw Fault("\"none\" stands alone", text: text) }
            return .authorizer(text, scopes: [])
        }
        return .either(scalar: name, mapping: Shape<AccessRule?>.combination(of: name))
    }

    private static func combination(of element: Shape) -> Shape {
        .record(
            "a mapping with use, any_of or all_of",
            .optional("use", Shape<String>.text("an authorizer's name"), "An authorizer."),
            .optional(
                "any_of",
                Shape<[Located<AccessRule?>]>.list(of: element),
                "Authorizers of which one has to take the request."
            ),
            .optional(
                "all_of",
                Shape<[Located<AccessRule?>]>.list(of: element),
                "Authorizers each of which has to take the request."
            ),
            .optional(
                "scopes",
                Shape<[Located<String>]>.list(of: .text("a scope"), orOne: true, defaultText: []),
                default: [],
                "Of these scopes the caller has one."
            )
        ) { name, any, all, scopes in
            let scopes = scopes.map(\.value)
            if let name { return .authorizer(name, scopes: scopes) }
            let rules = (any ?? all ?? []).compactMap { $0.value?.asking(for: scopes) }
            return any != nil ? .anyOf(rules) : .allOf(rules)
        }
        .checked { _, node, faults in
            let kinds = node.entries.filter { ["use", "any_of", "all_of"].contains($0.key.text) }
            if kinds.count != 1 {
                faults.add("\"authorize\" has one of use, any_of and all_of", at: node.location)
            }
            for list in kinds.map(\.value) {
                guard case .sequence(let elements) = list.content, elements.isEmpty else { continue }
                faults.add("an empty list would let nobody or everybody in", at: list.location)
            }
        }
    }
}

extension AccessRule {
    /// The same rule, with scopes besides.
    fileprivate func asking(for scopes: [String]) -> AccessRule {
        guard !scopes.isEmpty else { return self }
        switch self {
        case .authorizer(let name, let own): return .authorizer(name, scopes: own.isEmpty ? scopes : own)
        case .anyOf(let rules): return .anyOf(rules.map { $0.asking(for: scopes) })
        case .allOf(let rules): return .allOf(rules.map { $0.asking(for: scopes) })
        }
    }

    /// The authorizers that it names.
    var names: [String] {
        switch self {
        case .authorizer(let name, _): [name]
        case .anyOf(let rules), .allOf(let rules): rules.flatMap(\.names)
        }
    }
}

extension Shape<[ClaimHeader]> {
    /// `claims_to_headers`.
    static var claimHeaders: Shape {
        Shape<[Named<String, CallerFact>]>.map(of: .callerFact, key: .text("a header's name"))
            .checked { _, node, faults in
                for entry in node.entries {
                    let value = Located(value: "x", location: entry.value.location)
                    HeaderField.check(name: entry.key, value: value, &faults)
                    if Self.taken.contains(entry.key.text.lowercased()) {
                        let rule = "this header has a meaning of its own"
                        faults.add(rule, at: entry.key.location, text: entry.key.text)
                    }
                }
            }
            .map { headers in
                headers.compactMap { header in header.value.map { ClaimHeader(name: header.text, value: $0) } }
            }
    }

    /// What the gateway or the protocol reads or writes by these names.
    private static var taken: Set<String> {
        [
            "host", "via", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
            "x-request-id", "authorization", "proxy-authorization", "proxy-authenticate", "cookie", "content-type",
            "expect",
            "date", "traceparent", "origin", "idempotency-key", "user-agent", "referer",
        ]
    }
}

extension Shape<CallerFact> {
    fileprivate static var callerFact: Shape {
        .scalar("a claim, $customer, $scopes or $labels.NAME") { (text) throws(Fault) in
            guard let fact = CallerFact(text) else {
                throw Fault(
                    "expected a claim, $customer, $scopes or $labels.NAME",
                    text: text,
                    suggestion: Spelling.closest(to: text, among: ["$customer", "$scopes", "$labels.tier"])
                )
            }
            return fact
        }
    }
}
