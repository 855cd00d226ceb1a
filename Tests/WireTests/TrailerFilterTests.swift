import Exchange
import NIOCore
import Testing
import Wire

@Suite struct TrailerFilterTests {
    private let filter = TrailerFilter(names: FieldNameTable())

    @Test(arguments: [
        ("A: b\r\n\r\n", "A: b\r\n"),
        ("A:b\r\nC:  d \r\n\r\n", "A: b\r\nC: d\r\n"),
        ("Server-Timing: a\r\nDigest:\r\n\r\n", "Server-Timing: a\r\nDigest: \r\n"),
    ])
    func `harmless trailers pass`(section: String, lines: String) throws {
        #expect(try filter.filter(ByteBuffer(string: section)) == ByteBuffer(string: lines))
    }

    @Test(arguments: [
        "Content-Length: 5", "Transfer-Encoding: chunked", "Host: h", "Authorization: x", "Connection: close",
        "Cookie: a",
        "X-Forwarded-For: 1.2.3.4", "Content-Type: text/html", "Trailer: x", "proxy-authorization: x", "traceparent: x",
    ])
    func `trailers that would change their message are refused`(line: String) {
        #expect(throws: WireFault.forbiddenTrailer) { try filter.filter(ByteBuffer(string: "A: b\r\n\(line)\r\n\r\n")) }
    }

    @Test(arguments: [
        ("A : b\r\n\r\n", WireFault.spaceBeforeColon),
        ("A: b\r\n c\r\n\r\n", .obsoleteFold),
        ("A: b\rC: d\r\n\r\n", .bareCR),
        ("A: \u{0}\r\n\r\n", .badFieldValue),
        (": b\r\n\r\n", .emptyFieldName),
        (String(repeating: "A:\r\n", count: 65) + "\r\n", .tooManyFields),
    ])
    func `trailers are parsed as strictly as headers`(section: String, fault: WireFault) {
        #expect(throws: fault) { try filter.filter(ByteBuffer(string: section)) }
    }
}
