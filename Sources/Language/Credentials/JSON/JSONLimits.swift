/// How large a JSON document may be before it is refused.
public struct JSONLimits: Sendable {
    /// Bytes of the text.
    public var bytes: Int
    /// Arrays and objects inside of each other; the outermost counts.
    public var depth: Int
    /// Values and names of members, all counted.
    public var nodes: Int

    /// Makes limits.
    public init(bytes: Int, depth: Int, nodes: Int) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
    }

    /// A token's header: a few members, read before anything is known about who sent it.
    public static let tokenHeader = JSONLimits(bytes: 4 << 10, depth: 4, nodes: 128)
    /// A token's claims.
    public static let claims = JSONLimits(bytes: 16 << 10, depth: 16, nodes: 4096)
    /// A key set.
    public static let keySet = JSONLimits(bytes: 512 << 10, depth: 8, nodes: 16384)
}

/// Why a text is no JSON document that we read.
public enum JSONFault: Error, Sendable, Hashable {
    /// It is longer than the limit.
    case tooLong
    /// It nests deeper than the limit.
    case tooDeep
    /// It holds more values than the limit.
    case tooManyValues
    /// It is not UTF-8.
    case notUTF8
    /// It does not follow the grammar (RFC 8259) at a byte's offset.
    case malformed(at: Int)
    /// An object has two members of one name; which of them counts, readers disagree on. The offset is the second's.
    case duplicateName(at: Int)
}
