import Credentials

/// What a caller may call, as a policy of Amazon's says it: an explicit deny decides, then an allow, and else nothing is allowed.
struct CallerPolicy: Sendable, Hashable {
    private struct Statement: Sendable, Hashable {
        let isAllow: Bool
        /// ARNs in which `*` stands for any text and `?` for any character.
        let resources: [[UInt8]]
    }

    private let statements: [Statement]

    /// The most statements, and resources of all of them.
    private static let mostStatements = 128
    private static let mostResources = 512
    private static let action = Array("execute-api:invoke".utf8)

    /// Allows everything, or nothing.
    init(allowsAll: Bool) {
        statements = [Statement(isAllow: allowsAll, resources: [[UInt8(ascii: "*")]])]
    }

    /// Reads a `policyDocument`. Statements about other actions say nothing here.
    /// - Throws: when it is none, or has conditions or negations: to pass them over would allow what they forbid.
    init(_ document: JSONValue) throws(PolicyFault) {
        guard document.isObject, let written = document["Statement"] else { throw .malformed }
        let elements = written.isObject ? [written] : written.elements ?? []
        guard !elements.isEmpty, elements.count <= Self.mostStatements else { throw .malformed }
        var statements: [Statement] = []
        var count = 0
        for element in elements {
            guard element.isObject else { throw .malformed }
            for (name, _) in element.members where !["Sid", "Effect", "Action", "Resource"].contains(name) {
                throw .unsupported
            }
            let isAllow: Bool
            switch element["Effect"]?.text {
            case "Allow": isAllow = true
            case "Deny": isAllow = false
            default: throw .malformed
            }
            let actions = try Self.texts(element["Action"])
            let resources = try Self.texts(element["Resource"])
            count += resources.count
            guard count <= Self.mostResources else { throw .malformed }
            guard actions.contains(where: { Self.matches($0.map(Self.lowercased), Self.action.span) }) else { continue }
            statements.append(Statement(isAllow: isAllow, resources: resources))
        }
        self.statements = statements
    }

    /// Whether a resource may be called.
    func permits(_ resource: Span<UInt8>) -> Bool {
        var isAllowed = false
        for statement in statements {
            if statement.isAllow, isAllowed { continue }
            for pattern in statement.resources where Self.matches(pattern, resource) {
                if !statement.isAllow { return false }
                isAllowed = true
                break
            }
        }
        return isAllowed
    }

    private static func texts(_ value: JSONValue?) throws(PolicyFault) -> [[UInt8]] {
        guard let value else { throw .malformed }
        if let text = value.textBytes { return [text] }
        guard let elements = value.elements, !elements.isEmpty else { throw .malformed }
        var texts: [[UInt8]] = []
        for element in elements {
            guard let text = element.textBytes else { throw .malformed }
            texts.append(text)
        }
        return texts
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }

    /// Whether a pattern stands for a text. Goes back to the last `*` alone, so that it takes at most the product of both lengths.
    static func matches(_ pattern: [UInt8], _ text: Span<UInt8>) -> Bool {
        var (position, index) = (0, 0)
        var (star, resumed) = (-1, 0)
        while index < text.count {
            if position < pattern.count, pattern[position] == UInt8(ascii: "*") {
                (star, resumed) = (position, index)
                position += 1
            } else if position < pattern.count,
                pattern[position] == UInt8(ascii: "?") || pattern[position] == text[index]
            {
                position += 1
                index += 1
            } else if star >= 0 {
                resumed += 1
                (position, index) = (star + 1, resumed)
            } else {
                return false
            }
        }
        while position < pattern.count, pattern[position] == UInt8(ascii: "*") { position += 1 }
        return position == pattern.count
    }
}

/// Why a policy can't be evaluated.
enum PolicyFault: Error {
    /// It is no policy.
    case malformed
    /// It has conditions, or says what it is not about.
    case unsupported
}
