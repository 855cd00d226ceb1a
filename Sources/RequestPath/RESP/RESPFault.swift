/// Bytes that are no RESP, or more of it than this side accepts. The connection can't be used any more.
public enum RESPFault: Error, Hashable, Sendable {
    /// A line starts with a byte that names no type.
    case unknownType(UInt8)
    /// A line has no first byte.
    case emptyLine
    /// A carriage return or a line feed stands alone, or a text is not followed by both.
    case badLineEnd
    /// A number, length, boolean or null is malformed or out of range.
    case badNumber
    /// A verbatim text has no format before it.
    case badVerbatim
    /// A length is `?`, which announces a value in pieces. No server sends them to a client.
    case streamed
    /// A push stands within another value.
    case nestedPush
    /// A line is longer than `RESPLimits.line`.
    case lineTooLong
    /// A value has more bytes than `RESPLimits.bytes`.
    case tooLarge
    /// A value has more elements than `RESPLimits.elements`.
    case tooManyElements
    /// Values stand deeper in others than `RESPLimits.depth`.
    case tooDeep
}

/// How much one value of the server may be.
public struct RESPLimits: Sendable, Hashable {
    /// Bytes of a line: of a simple text, an error, a number or a length.
    public var line = 16_384
    /// Bytes of a value on the wire, with all that it holds and the attributes before it.
    public var bytes = 8_388_608
    /// Values within a value, counted as they are announced; a pair of a map counts as two.
    public var elements = 262_144
    /// Values around a value.
    public var depth = 16

    /// The defaults.
    public init() {}
}
