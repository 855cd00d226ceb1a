import Exchange
import NIOCore
import NIOHPACK
import Testing
import Wire

@Suite struct HTTP2ForwardingTests {
    private let parser = ResponseParser(limits: HeadLimits(headBytes: 1_024, fieldCount: 10), names: FieldNameTable())

    @Test func `a request's head becomes fields in lower case, the pseudo-header fields in front`() {
        let head = ByteBuffer(
            string: "POST /a?b=c HTTP/1.1\r\nHost: shop.test:81\r\nTransfer-Encoding: chunked\r\nX-Own: A: b\r\n"
                + "Accept: */*\r\nEmpty: \r\nCookie: a=b\r\nContent-Length: 3\r\n\r\n"
        )
        let fields = HPACKHeaders(forwarding: head, scheme: "https", names: FieldNameTable())
        let pairs = fields.map { "\($0.name)=\($0.value)" }
        #expect(
            pairs == [
                ":method=POST", ":scheme=https", ":path=/a?b=c", ":authority=shop.test:81", "x-own=A: b", "accept=*/*",
                "empty=", "cookie=a=b", "content-length=3",
            ]
        )
        #expect(fields.filter { $0.name == "cookie" }.map(\.indexable) == [.neverIndexed])
    }

    private func parse(_ fields: HPACKHeaders, endsStream: Bool, toHEAD: Bool = false) throws(WireFault) -> ResponseHead
    {
        var head = ResponseHead()
        try parser.parse(fields, endsStream: endsStream, toHEAD: toHEAD, into: &head)
        return head
    }

    private static let endings: [([String], Bool, Bool, BodyFraming)] = [
        (["200"], false, false, BodyFraming.chunked),
        (["200", "5"], false, false, .length(5)),
        (["200"], true, false, .length(0)),
        (["200", "0"], true, false, .length(0)),
        (["200", "5"], true, true, .none),
        (["204"], true, false, .none),
        (["304", "5"], true, false, .none),
        (["103"], false, false, .none),
    ]

    @Test(arguments: endings)
    func `where a body ends is known from the length and the end of the stream`(
        values: [String],
        endsStream: Bool,
        toHEAD: Bool,
        framing: BodyFraming
    ) throws {
        var fields: HPACKHeaders = [":status": values[0]]
        if values.count > 1 { fields.add(name: "content-length", value: values[1]) }
        let head = try parse(fields, endsStream: endsStream, toHEAD: toHEAD)
        #expect(head.framing == framing)
        #expect(head.status == Int(values[0]) && head.version == .http2 && head.keepsAlive)
    }

    @Test func `an empty answer tells clients of HTTP/1.1 that nothing follows`() throws {
        let head = try parse([":status": "200"], endsStream: true)
        #expect(String(buffer: head.bytes) == "HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n")
    }

    private static let malformed: [(WireFault, [(String, String)])] = [
        (WireFault.badPseudoField, [(":status", "200"), (":status", "200")]),
        (.badPseudoField, [("a", "b"), (":status", "200")]),
        (.badPseudoField, [(":status", "200"), (":path", "/")]),
        (.badStatusLine, [("a", "b")]),
        (.badStatusLine, [(":status", "2000")]),
        (.badStatusLine, [(":status", "2 0")]),
        (.badStatusLine, [(":status", "099")]),
        (.badFieldName, [(":status", "200"), ("A", "b")]),
        (.badFieldName, [(":status", "200"), ("a b", "c")]),
        (.badFieldName, [(":status", "200"), ("a\r\nb", "c")]),
        (.emptyFieldName, [(":status", "200"), ("", "c")]),
        (.badFieldValue, [(":status", "200"), ("a", "b\r\nc: d")]),
        (.badFieldValue, [(":status", "200"), ("a", "b\u{0}")]),
        (.connectionField, [(":status", "200"), ("connection", "close")]),
        (.connectionField, [(":status", "200"), ("transfer-encoding", "chunked")]),
        (.badContentLength, [(":status", "200"), ("content-length", "+1")]),
        (.duplicateContentLength, [(":status", "200"), ("content-length", "1"), ("content-length", "1")]),
        (.headTooLarge, [(":status", "200"), ("a", String(repeating: "b", count: 2_000))]),
    ]

    @Test(arguments: malformed)
    func `what no HTTP/1.1 head could say is malformed`(fault: WireFault, fields: [(String, String)]) {
        #expect(throws: fault) { _ = try parse(HPACKHeaders(fields), endsStream: false) }
    }

    @Test func `a length without a body is malformed`() {
        #expect(throws: WireFault.wrongContentLength) {
            _ = try parse([":status": "200", "content-length": "1"], endsStream: true)
        }
    }

    @Test func `trailers become lines`() throws {
        #expect(
            String(buffer: try parser.parseTrailers(["grpc-status": "0", "x": ""])) == "grpc-status: 0\r\nx: \r\n\r\n"
        )
        #expect(throws: WireFault.badPseudoField) { _ = try parser.parseTrailers([":status": "200"]) }
        #expect(throws: WireFault.badFieldValue) { _ = try parser.parseTrailers(["x": "\n"]) }
    }

    @Test(arguments: [
        ("trailers", true), ("Trailers", true), ("deflate, trailers;q=0.5", false), ("gzip,trailers", true),
    ])
    func `a client takes trailers when it says so`(value: String, expected: Bool) throws {
        var head = RequestHead()
        let bytes = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\nTE: \(value)\r\n\r\n")
        _ = try RequestParser(limits: HeadLimits(), names: FieldNameTable()).parse(bytes, scanned: 0, into: &head)
        head.bytes = bytes
        #expect(head.takesTrailers == expected)
    }
}
