/// The hosts that lead to an API: `api.test.com` or `*.test.com`.
public struct HostPattern: Sendable, Hashable {
    /// Lower case, without port; for a wildcard what follows the `*.`.
    public let name: String
    /// `*.` matches exactly one label or more, never the bare name.
    public let isWildcard: Bool

    /// Reads a host pattern.
    /// - Throws: a fault without location that says what is wrong.
    public init(_ text: String) throws(Fault) {
        let lower = text.lowercased()
        isWildcard = lower.hasPrefix("*.")
        name = isWildcard ? String(lower.dropFirst(2)) : lower
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
                UInt8(ascii: "["), UInt8(ascii: "]"):
                true
            default: false
            }
        }
        let hasPort = name.hasPrefix("[") ? !name.hasSuffix("]") : name.contains(":")
        guard isName, !hasPort, !name.isEmpty, !name.hasPrefix("."), !name.hasSuffix(".") else {
            throw Fault("a host is a name without port, or \"*.\" and a name", text: text)
        }
    }
}

extension HostPattern: CustomStringConvertible {
    /// As it is written in the file, in lower case.
    public var description: String { isWildcard ? "*.\(name)" : name }
}

/// The path under which an API is mounted: `/` or `/v1.0`, literal segments only.
public struct BasePath: Sendable, Hashable {
    /// The segments; empty for `/`.
    public let segments: [String]

    /// The root, `/`.
    public static let root = BasePath(segments: [])

    private init(segments: [String]) { self.segments = segments }

    /// The path with another segment behind it, which needs no escapes.
    public func appending(_ segment: String) -> BasePath { BasePath(segments: segments + [segment]) }

    /// Reads a base path. A trailing slash is allowed and means nothing.
    /// - Throws: a fault without location that says what is wrong.
    public init(_ text: String) throws(Fault) {
        let template = try PathTemplate(text)
        var segments: [String] = []
        for segment in template.segments {
            guard case .literal(let name) = segment else { throw Fault("a base path has no parameters", text: text) }
            segments.append(name)
        }
        self.segments = segments
    }
}

extension BasePath: CustomStringConvertible {
    /// `/v1.0`, or `/` for the root.
    public var description: String { segments.isEmpty ? "/" : segments.map { "/" + $0 }.joined() }
}
