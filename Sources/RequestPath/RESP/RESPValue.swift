public import NIOCore

/// One reply of a Redis server, in the types of RESP2 and RESP3.
///
/// Texts are slices of the buffers that came from the socket: nothing is copied, and a value that is kept for long keeps its
/// buffer, too.
public indirect enum RESPValue: Sendable, Hashable {
    /// `_`, or in RESP2 `$-1` and `*-1`.
    case null
    /// `+OK`.
    case simple(ByteBuffer)
    /// `-ERR …`, or in RESP3 the `!` form, which may hold line ends.
    case error(ByteBuffer)
    /// `:1`.
    case integer(Int64)
    /// `$5`: any bytes.
    case bulk(ByteBuffer)
    /// `*3`.
    case array([RESPValue])
    /// `#t`.
    case boolean(Bool)
    /// `,1.5`, `,inf`, `,nan`.
    case double(Double)
    /// `(3492890328409238509324850943850943825024385`: the digits with their sign.
    case bigNumber(ByteBuffer)
    /// `=15`: a text with the three letters of its format, such as `txt` or `mkd`.
    case verbatim(format: ByteBuffer, text: ByteBuffer)
    /// `%2`: keys and values in the order of the wire.
    case map([RESPPair])
    /// `~3`, in the order of the wire.
    case set([RESPValue])
    /// `>3`: not a reply, but something that the server says of its own accord.
    case push([RESPValue])

    /// A key of a map and its value.
    public struct RESPPair: Sendable, Hashable {
        /// What the server calls it.
        public var key: RESPValue
        /// What stands there.
        public var value: RESPValue

        /// Makes a pair.
        public init(_ key: RESPValue, _ value: RESPValue) {
            self.key = key
            self.value = value
        }
    }
}

extension RESPValue {
    /// The number, when it is one or a text of one, as scripts and RESP2 answer some.
    public var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .bulk(let text), .simple(let text): Int64(String(buffer: text))
        default: nil
        }
    }

    /// The bytes of any kind of text but an error.
    public var bytes: ByteBuffer? {
        switch self {
        case .bulk(let text), .simple(let text), .verbatim(_, let text), .bigNumber(let text): text
        default: nil
        }
    }

    /// The text, with what is not UTF-8 repaired.
    public var string: String? { bytes.map { String(buffer: $0) } }

    /// The elements of an array, a set or a push.
    public var elements: [RESPValue]? {
        switch self {
        case .array(let elements), .set(let elements), .push(let elements): elements
        default: nil
        }
    }

    /// The keys and values of a map, or of the flat array that RESP2 has in its place.
    public var pairs: [RESPPair]? {
        switch self {
        case .map(let pairs): return pairs
        case .array(let elements) where elements.count.isMultiple(of: 2):
            return stride(from: 0, to: elements.count, by: 2).map { RESPPair(elements[$0], elements[$0 + 1]) }
        default: return nil
        }
    }
}
