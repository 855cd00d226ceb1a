public import Exchange
import NIOCore
public import Wire

/// What the head of a response says, in plain values.
public struct ResponseMessage: Equatable, Sendable {
    /// 100…599.
    public var status: Int
    /// The reason phrase, maybe empty.
    public var reason: [UInt8]
    /// Of the status line.
    public var version: HTTPVersion
    /// In the order in which they were sent.
    public var fields: [FieldLine]
    /// How the body is delimited.
    public var framing: BodyFraming
    /// The length that the response states for its body, or for the one that it has not.
    public var contentLength: Int?
    /// Whether the backend keeps the connection open.
    public var keepsAlive: Bool
}

extension ResponseMessage {
    /// Parses `bytes` as they come in pieces of the given lengths; at once without.
    public static func read(
        _ bytes: [UInt8],
        inPiecesOf lengths: some Sequence<Int> = EmptyCollection(),
        toHEAD: Bool = false,
        limits: HeadLimits = HeadLimits()
    ) throws(Violation) -> Outcome<ResponseMessage> {
        let parser = ResponseParser(limits: limits, names: names)
        var head = ResponseHead()
        return try Outcome.read(bytes, inPiecesOf: lengths) { buffer, scanned in
            try parser.parse(buffer, scanned: scanned, toHEAD: toHEAD, into: &head)
        } finish: { bytes in
            head.bytes = bytes
            return (try ResponseMessage(head), forward(head))
        }
    }

    static let names = FieldNameTable()

    /// What a parsed head says.
    init(_ head: ResponseHead) throws(Violation) {
        let bytes = HeadBytes(bytes: Array(buffer: head.bytes))
        status = head.status
        reason = try bytes.read(head.reason, "reason")
        version = head.version
        fields = try bytes.read(head.section)
        framing = head.framing
        contentLength = head.contentLength
        keepsAlive = head.keepsAlive
    }

    /// The head written anew from its ranges, in the same version so that it can be compared.
    private static func forward(_ head: ResponseHead) -> [UInt8] {
        var out = ByteBuffer()
        out.writeStaticString(head.version == .http11 ? "HTTP/1.1 " : "HTTP/1.0 ")
        out.writeDecimal(head.status)
        out.writeStaticString(" ")
        out.writeBytes(head.bytes.readableBytesSpan.extracting(head.reason.range))
        out.writeStaticString("\r\n")
        out.writeHead { $0.writeFields(head.section, of: head.bytes, dropping: .hopByHop) }
        out.endHead(head.framing, length: head.contentLength, version: head.version, keepsAlive: head.keepsAlive)
        return Array(buffer: out)
    }
}
