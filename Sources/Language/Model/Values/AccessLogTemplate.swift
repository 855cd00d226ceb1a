/// A template of the access log, taken apart: text, and the variables between it.
public struct AccessLogTemplate: Sendable, Hashable {
    /// One piece of a line.
    public enum Part: Sendable, Hashable {
        /// Text that stands in every line.
        case literal(String)
        /// What differs from line to line.
        case variable(AccessLogVariable)
    }

    /// The pieces in order; no two literals follow each other.
    public let parts: [Part]
    /// Whether a line is meant to be a JSON object: the text begins with `{`.
    public let isJSON: Bool

    /// Reads a template: a variable is `$context.` and names joined by full stops; every other `$` stands for itself.
    /// - Throws: a fault for a variable that does not exist, and for a template of more than one line.
    public init(_ text: String) throws(Fault) {
        guard !text.contains(where: \.isNewline) else {
            throw Fault("a log line is one line; in YAML, >- folds a long one", text: text)
        }
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let next = rest.first {
            guard rest.hasPrefix(Self.prefix) else {
                literal.append(next)
                rest.removeFirst()
                continue
            }
            let name = Self.name(at: rest.dropFirst(Self.prefix.count))
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = ""
            parts.append(.variable(try Self.variable(named: name)))
            rest = rest.dropFirst(Self.prefix.count + name.count)
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
        isJSON = text.utf8.first == UInt8(ascii: "{")
    }

    private static let prefix = "$context."

    /// Words joined by full stops; one that ends a sentence does not belong to it.
    private static func name(at text: Substring) -> String {
        var name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
        while name.hasSuffix(".") { name.removeLast() }
        return String(name)
    }

    private static func variable(named name: String) throws(Fault) -> AccessLogVariable {
        if let variable = AccessLogVariable(named: name) { return variable }
        throw Fault(
            "no such variable in access logs",
            text: prefix + name,
            suggestion: Spelling.closest(to: name, among: AccessLogVariable.names).map { prefix + $0 }
        )
    }
}
