/// The environment variables that `${NAME}` in a configuration's values stands for.
struct Environment {
    var values: [String: String]

    /// Replaces `${NAME}` and `${NAME:-default}`; `$${` becomes `${`. Anything else with a `$` stays as it is, so that
    /// `$default` and `$context.requestId` keep their meaning.
    /// - Throws: a fault without location when a variable is unset and no default is given.
    func substituted(in text: String) throws(Fault) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                result += "${"
                rest = rest.dropFirst(3)
            } else if let reference = Reference(rest) {
                guard let value = values[reference.name] ?? reference.fallback else {
                    throw Fault(
                        "the environment has no such variable; \"${NAME:-…}\" gives a default",
                        text: reference.name
                    )
                }
                result += value
                rest = reference.rest
            } else {
                result += "$"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    /// `${NAME}` or `${NAME:-default}` at the start of a text.
    private struct Reference {
        var name: String
        var fallback: String?
        var rest: Substring

        init?(_ text: Substring) {
            guard text.hasPrefix("${"), let end = text.firstIndex(of: "}") else { return nil }
            let inside = text[..<end].dropFirst(2)
            let name = inside.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
            guard let first = name.first, !first.isNumber else { return nil }
            let after = inside.dropFirst(name.count)
            guard after.isEmpty || after.hasPrefix(":-") else { return nil }
            self.name = String(name)
            fallback = after.isEmpty ? nil : String(after.dropFirst(2))
            rest = text[text.index(after: end)...]
        }
    }
}
