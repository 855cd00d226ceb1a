import Exchange
import NIOCore
import Testing

@testable import Wire

@Suite struct RequestParserTests {
    @Test func `an origin-form request is taken apart without copying`() throws {
        let text = "GET /a/b?x=1 HTTP/1.1\r\nHost: h\r\nX-A:  b \r\n\r\nrest"
        let buffer = ByteBuffer(string: text)
        var head = RequestHead()
        let progress = try RequestParser(limits: HeadLimits(), names: FieldNameTable())
            .parse(buffer, scanned: 0, into: &head)
        #expect(progress == .complete(text.utf8.count - 4))
        func string(_ range: ByteRange) -> String { String(buffer: buffer.getSlice(at: Int(range.start), length: Int(range.count)) ?? ByteBuffer()) }
        #expect(string(head.method) == "GET")
        #expect(string(head.path) == "/a/b")
        #expect(string(head.query) == "x=1")
        #expect(string(head.authority) == "h")
        #expect(head.section.fields.map { string($0.value) } == ["h", "b"])
        #expect(head.section.fields.map(\.isCanonical) == [true, false])
    }
}
