/// A path with parameters: `/orders/{id}`, `/legacy/{proxy+}`.
///
/// A parameter fills a whole segment; a greedy one (`+`) comes last and takes one or more segments.
public struct PathTemplate: Sendable, Hashable {
    /// One segment, or for an integration's path one piece of it.
    public enum Segment: Sendable, Hashable {
        /// Text that must be met exactly.
        case literal(String)
        /// One segment, by name.
        case parameter(String)
        /// One or more segments, by name.
        case greedy(String)
    }

    /// The segments after the leading slash; empty for `/`.
    public let segments: [Segment]
    /// Whether the text ended in a slash (never for `/` itself).
    public let hasTrailingSlash: Bool

    /// Reads a template.
    /// - Throws: a fault without location that says what is wrong.
    public init(_ text: String) throws(Fault) {
        guard text.hasPrefix("/") else { throw Fault("a path starts with \"/\"", text: text, suggestion: "/" + text) }
        // By bytes: ten thousand routes are read at a reload, and characters cost ten times as much.
        var parts = text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map(Substring.init)
        hasTrailingSlash = parts.count > 1 && parts[parts.count - 1].isEmpty
        if parts.count == 1 && parts[0].isEmpty || hasTrailingSlash { parts.removeLast() }
        var segments: [Segment] = []
        var names: Set<String> = []
        for (index, part) in parts.enumerated() {
            let segment = try Self.segment(part, of: text)
            switch segment {
            case .literal: break
            case .parameter(let name), .greedy(let name):
                guard names.insert(name).inserted else {
                    throw Fault("a path uses each parameter name once", text: "{\(name)}")
                }
            }
            if case .greedy = segment, index != parts.count - 1 {
                throw Fault("a greedy parameter must be the last segment", text: String(part))
            }
            segments.append(segment)
        }
        self.segments = segments
    }

    /// The names of the parameters, in order.
    public var parameterNames: [String] {
        segments.compactMap { segment in
            switch segment {
            case .literal: nil
            case .parameter(let name), .greedy(let name): name
            }
        }
    }

    private static func segment(_ part: Substring, of text: String) throws(Fault) -> Segment {
        if part.isEmpty { throw Fault("a path has no empty segments", text: text) }
        if part.hasPrefix("{"), part.hasSuffix("}") {
            var name = part.dropFirst().dropLast()
            let greedy = name.hasSuffix("+")
            if greedy { name = name.dropLast() }
            let isNameByte = { (byte: UInt8) in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "$"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
            guard !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
                throw Fault("a parameter's name has letters, digits and . _ $ - only", text: String(part))
            }
            return greedy ? .greedy(String(name)) : .parameter(String(name))
        }
        guard !part.utf8.contains(UInt8(ascii: "{")), !part.utf8.contains(UInt8(ascii: "}")) else {
            throw Fault("a parameter fills a whole segment", text: String(part))
        }
        guard part != ".", part != ".." else {
            throw Fault("a path has no dot segments", text: text)
        }
        guard part.utf8.allSatisfy(isLiteralByte) else {
            throw Fault("a literal segment has letters, digits and -._~!$&'()*+,=:@% only", text: String(part))
        }
        return .literal(String(part))
    }

    /// `pchar` of RFC 3986 without `;`, which the path policy refuses.
    private static func isLiteralByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~!$&'()*+,=:@%".utf8.contains(byte)
        }
    }
}

extension PathTemplate: CustomStringConvertible {
    /// As it is written in the file.
    public var description: String {
        let path = segments.map { segment in
            switch segment {
            case .literal(let text): "/" + text
            case .parameter(let name): "/{\(name)}"
            case .greedy(let name): "/{\(name)+}"
            }
        }.joined()
        return path.isEmpty ? "/" : path + (hasTrailingSlash ? "/" : "")
    }
}
