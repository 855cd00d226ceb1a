internal import AWSWire

/// One change of a document: of JSON Patch (RFC 6902), as far as the service has it.
struct Patch: Sendable {
    enum Verb: String, Sendable {
        case add, remove, move, test, replace, copy
    }

    let verb: Verb
    /// As it was sent.
    let path: String?
    let value: String?

    /// The parts of the path, with `~1` and `~0` read as the signs that they stand for (RFC 6901).
    var parts: [String] {
        (path ?? "").split(separator: "/", omittingEmptySubsequences: false).dropFirst().map {
            String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
    }

    /// Those of an operation's input.
    static func all(of input: OperationInput) throws(AWSError) -> [Patch] {
        var patches: [Patch] = []
        for given in input["patchOperations"]?.list ?? [] {
            guard let verb = given["op"]?.string.flatMap(Verb.init) else {
                throw .badRequest("Invalid patch operation specified. Must be one of: [add, remove, replace]")
            }
            patches.append(Patch(verb: verb, path: given["path"]?.string, value: given["value"]?.string))
        }
        return patches
    }
}

/// What may be patched of a document, and how.
struct PatchTable: Sendable {
    /// How a path that can't be patched is told of: each kind of thing has its own way.
    enum Manner: Sendable {
        case short
        /// With all paths that can be.
        case listing([String])
    }

    struct Rule: Sendable {
        /// `*` stands for any one part.
        let path: [String]
        let verbs: [Patch.Verb]
        /// Gets the parts that `*` stands for.
        let apply: @Sendable (inout WireValue, [String], Patch) throws -> Void
    }

    var manner = Manner.short
    var rules: [Rule] = []

    /// - Parameter path: `/name`, `/tags/*`.
    static func rule(
        _ path: String,
        _ verbs: [Patch.Verb] = [.replace],
        _ apply: @escaping @Sendable (inout WireValue, [String], Patch) throws -> Void
    ) -> Rule {
        Rule(path: path.split(separator: "/").map(String.init), verbs: verbs, apply: apply)
    }

    /// A text that is put in the place of another one.
    static func text(_ name: String, _ verbs: [Patch.Verb] = [.replace]) -> Rule {
        rule("/\(name)", verbs) { document, _, patch in
            document[name] = patch.verb == .remove ? nil : patch.value.map { .string($0) }
        }
    }

    /// A boolean: every word but `true` is false, as at AWS.
    static func boolean(_ name: String) -> Rule {
        rule("/\(name)") { document, _, patch in document[name] = .boolean(patch.value?.lowercased() == "true") }
    }

    /// One member of a map, as `/tags/key`.
    /// - Parameter value: what stands for a value that was sent; not asked for what is removed.
    static func entry(
        _ name: String,
        _ value: @escaping @Sendable (String?) -> WireValue?
    ) -> Rule {
        rule("/\(name)/*", [.add, .replace, .remove]) { document, parts, patch in
            var entries = document[name] ?? [:]
            entries[parts[0]] = patch.verb == .remove ? nil : value(patch.value)
            document[name] = entries
        }
    }

    func apply(_ patch: Patch, to document: inout WireValue) throws {
        let parts = patch.parts
        guard patch.path != nil, let rule = rules.first(where: { Self.matches($0.path, parts) }) else {
            throw unknownPath(patch)
        }
        guard rule.verbs.contains(patch.verb) else { throw refusedVerb(patch, rule) }
        let free = zip(rule.path, parts).filter { $0.0 == "*" }.map(\.1)
        try rule.apply(&document, free, patch)
    }

    private static func matches(_ path: [String], _ parts: [String]) -> Bool {
        path.count == parts.count && zip(path, parts).allSatisfy { $0 == "*" || $0 == $1 }
    }

    private func unknownPath(_ patch: Patch) -> AWSError {
        switch manner {
        case .short: .badRequest("Invalid patch path \(patch.path ?? "null")")
        case .listing(let paths):
            if patch.verb == .replace {
                .badRequest(
                    "Invalid patch path  '\(patch.path ?? "null")' specified for op '\(patch.verb.rawValue)'. "
                        + "Must be one of: [\(paths.joined(separator: ", "))]"
                )
            } else {
                Self.unsupported(patch)
            }
        }
    }

    private func refusedVerb(_ patch: Patch, _ rule: Rule) -> AWSError {
        switch manner {
        case .short:
            let names = rule.verbs.map(\.rawValue).joined(separator: ", ")
            return .badRequest("Invalid patch operation specified. Must be one of: [\(names)]")
        case .listing: return Self.unsupported(patch)
        }
    }

    private static func unsupported(_ patch: Patch) -> AWSError {
        .badRequest(
            "Invalid patch path  '\(patch.path ?? "null")' specified for op '\(patch.verb.rawValue)'. "
                + "Please choose supported operations"
        )
    }
}
