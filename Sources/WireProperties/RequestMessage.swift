public import Exchange
import NIOCore
public import Wire

/// What the head of a request says, in plain values.
public struct RequestMessage: Equatable, Sendable {
    /// As it was sent, in its case.
    public var method: [UInt8]
    /// Without query, as it was sent; `/` for an absolute-form without one.
    public var path: [UInt8]
    /// `nil` when there is no `?`.
    public var query: [UInt8]?
    /// Of the target, else the value of `Host`.
    public var authority: [UInt8]
    /// Of the request line.
    public var version: HTTPVersion
    /// In the order in which they were sent.
    public var fields: [FieldLine]
    /// How the body is delimited.
    public var framing: BodyFraming
    /// Whether another request may follow.
    public var keepsAlive: Bool
    /// Whether the client waits for `100 Continue`.
    public var expectsContinue: Bool
}

extension RequestMessage {
    /// Parses `bytes` as they come in pieces of the given lengths; at once without.
    public static func read(
        _ bytes: [UInt8],
        inPiecesOf lengths: some Sequence<Int> = EmptyCollection(),
        limits: HeadLimits = HeadLimits()
    ) throws(Violation) -> Outcome<RequestMessage> {
        let parser = RequestParser(limits: limits, names: names)
        var head = RequestHead()
        return try Outcome.read(bytes, inPiecesOf: lengths) { buffer, scanned in
            try parser.parse(buffer, scanned: scanned, into: &head)
        } finish: { bytes in
            head.bytes = bytes
            return (try RequestMessage(head), forward(head))
        }
    }

    static let names = FieldNameTable()

    init(_ head: RequestHead) throws(Violation) {
        let bytes = HeadBytes(bytes: Array(buffer: head.bytes))
        method = try bytes.read(head.method, "method")
        try hold(head.isHEAD == (method == Array("HEAD".utf8)), "\(method.quoted) is HEAD: \(head.isHEAD)")
        path = try bytes.read(head.path, "path")
        query = head.hasQuery ? try bytes.read(head.query, "query") : nil
        authority = try bytes.read(head.authority, "authority")
        version = head.version
        fields = try bytes.read(head.section)
        framing = head.framing
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue
    }

    /// The head written anew from its ranges, in the same version so that it can be compared.
    private static func forward(_ head: RequestHead) -> [UInt8] {
        var out = ByteBuffer()
        let bytes = head.bytes.readableBytesSpan
        out.writeBytes(bytes.extracting(head.method.range))
        out.writeStaticString(" ")
        out.writeBytes(bytes.extracting(head.path.range))
        if head.hasQuery { out.writeStaticString("?") }
        out.writeBytes(bytes.extracting(head.query.range))
        out.writeStaticString(head.version == .http11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n")
        if !head.authority.isEmpty {
            out.writeStaticString("Host: ")
            out.writeBytes(bytes.extracting(head.authority.range))
            out.writeStaticString("\r\n")
        }
        out.writeHead {
            $0.writeFields(head.section, of: head.bytes, dropping: .hopByHop.union(FieldNameSet([.host, .expect])))
        }
        if head.expectsContinue { out.writeStaticString("Expect: 100-continue\r\n") }
        let length: Int? = if case .length(let length) = head.framing { length } else { nil }
        out.endHead(head.framing, length: length, version: head.version, keepsAlive: head.keepsAlive)
        return Array(buffer: out)
    }
}
