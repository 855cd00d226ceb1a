import Exchange
import Testing
import Wire
import WireProperties

/// One message and what is wrong with it.
struct Refused: CustomTestStringConvertible, Sendable {
    var message: String
    var fault: WireFault
    var testDescription: String { "\(fault.rawValue): \(message.debugDescription)" }

    init(_ fault: WireFault, _ message: String) {
        self.fault = fault
        self.message = message
    }

    /// A field line in an otherwise valid request.
    static func field(_ fault: WireFault, _ lines: String...) -> Refused {
        Refused(fault, "POST / HTTP/1.1\r\nHost: h\r\n" + lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    /// A request line before valid fields.
    static func line(_ fault: WireFault, _ line: String) -> Refused {
        Refused(fault, line + "\r\nHost: h\r\n\r\n")
    }
}

@Suite struct RequestRefusalTests {
    @Test(arguments: [
        Refused.line(.badRequestLine, "GET"),
        .line(.badRequestLine, "GET /"),
        .line(.badRequestLine, "GET  / HTTP/1.1"),
        .line(.badRequestLine, " GET / HTTP/1.1"),
        .line(.badRequestLine, "G@T / HTTP/1.1"),
        .line(.badRequestLine, "GET\t/ HTTP/1.1"),
        .line(.badRequestLine, "GET /\tHTTP/1.1"),
        .line(.badRequestLine, "GET /a\rb HTTP/1.1"),
        .line(.badRequestLine, "GET /a\u{0}b HTTP/1.1"),
        .line(.badRequestLine, "\r\n\r\nGET / HTTP/1.1"),
        .line(.badRequestLine, "\rGET / HTTP/1.1"),
        .line(.bareLF, "\nGET / HTTP/1.1"),
        .line(.bareLF, "GET\n/ HTTP/1.1"),
        .line(.bareLF, "GET /\n HTTP/1.1"),
        .line(.badTarget, "GET /a\u{7F} HTTP/1.1"),
        .line(.badTarget, "GET /caf\u{E9} HTTP/1.1"),
        .line(.badTarget, "GET /a#b HTTP/1.1"),
        .line(.badTarget, "GET /a?b#c HTTP/1.1"),
        .line(.badTarget, "GET a HTTP/1.1"),
        .line(.badTarget, "GET h:80 HTTP/1.1"),
        .line(.badTarget, "GET ftp://h/ HTTP/1.1"),
        .line(.badTarget, "GET http:/h/ HTTP/1.1"),
        .line(.badTarget, "GET http:// HTTP/1.1"),
        .line(.badTarget, "OPTIONS http://h HTTP/1.1"),
        .line(.badHost, "GET http:///a HTTP/1.1"),
        .line(.badHost, "GET http://user@h/a HTTP/1.1"),
        .line(.badHost, "GET http://h#f HTTP/1.1"),
        .line(.badHost, "GET http://h:99999/ HTTP/1.1"),
        .line(.badVersion, "GET / http/1.1"),
        .line(.badVersion, "GET / HTTP/1.1 "),
        .line(.badVersion, "GET / b HTTP/1.1"),
        .line(.badVersion, "GET / HTTP/1.10"),
        .line(.badVersion, "GET / HTTP/11"),
        .line(.badVersion, "GET / HTTP/1,1"),
        .line(.badVersion, "GET / HTTPS/1.1"),
        .line(.badVersion, "GET / HTTP/x.1"),
        .line(.unsupportedVersion, "GET / HTTP/0.9"),
        .line(.unsupportedVersion, "GET / HTTP/1.2"),
        .line(.unsupportedVersion, "GET / HTTP/2.0"),
        .line(.unsupportedVersion, "PRI * HTTP/2.0"),
        .line(.connectMethod, "CONNECT h:443 HTTP/1.1"),
        .line(.connectMethod, "CONNECT / HTTP/1.1"),
        .line(.connectMethod, "connect h:443 HTTP/1.1"),
        .line(.asteriskForm, "GET * HTTP/1.1"),
        .line(.asteriskForm, "options * HTTP/1.1"),
        .line(.asteriskForm, "OPTIONS *? HTTP/1.1"),
        .line(.asteriskForm, "OPTIONS *a HTTP/1.1"),
        Refused(.bareLF, "GET / HTTP/1.1\nHost: h\n\n"),
        Refused(.bareCR, "GET / HTTP/1.1\rHost: h\r\r"),
        Refused(.bareCR, "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n"),
        Refused(.badRequestLine, "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}"),
    ])
    func `a bad request line is refused`(refused: Refused) throws { try expectRefusal(refused) }

    @Test(arguments: [
        Refused.field(.obsoleteFold, "A: b", " c"),
        .field(.obsoleteFold, "A: b", "\tc"),
        .field(.obsoleteFold, "A: b", " "),
        Refused(.obsoleteFold, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"),
        .field(.spaceBeforeColon, "A : b"),
        .field(.spaceBeforeColon, "A\t: b"),
        .field(.spaceBeforeColon, "Content-Length : 5"),
        .field(.spaceBeforeColon, "A b: c"),
        .field(.emptyFieldName, ": b"),
        .field(.emptyFieldName, ":"),
        .field(.badFieldName, "A"),
        .field(.badFieldName, "A(b): c"),
        .field(.badFieldName, "A\"b: c"),
        .field(.badFieldName, "A/b: c"),
        .field(.badFieldName, "A[]: c"),
        .field(.badFieldName, "A\u{0}: c"),
        .field(.badFieldName, "\u{0}A: c"),
        .field(.badFieldName, "A\u{7F}: c"),
        .field(.badFieldName, "A\u{E9}: c"),
        .field(.badFieldName, "A\rB: c"),
        .field(.bareLF, "A\nB: c"),
        .field(.bareLF, "\nB: c"),
        .field(.bareLF, "A: b\nB: c"),
        .field(.bareLF, "A:\nB: c"),
        .field(.bareCR, "A: b\rB: c"),
        .field(.bareCR, "A:\rB: c"),
        .field(.bareCR, "A: b\r"),
        .field(.bareCR, "\rB: c"),
        .field(.badFieldValue, "A: b\u{0}"),
        .field(.badFieldValue, "A: \u{1}b"),
        .field(.badFieldValue, "A: 1234567\u{B}89"),
        .field(.badFieldValue, "A: 12345678901\u{7F}"),
        .field(.badFieldValue, "A: \u{1B}[2J"),
    ])
    func `a bad field is refused`(refused: Refused) throws { try expectRefusal(refused) }

    @Test(arguments: [
        Refused(.missingHost, "GET / HTTP/1.1\r\n\r\n"),
        Refused(.missingHost, "GET http://h/ HTTP/1.1\r\n\r\n"),
        Refused(.duplicateHost, "GET / HTTP/1.1\r\nHost: h\r\nhost: h\r\n\r\n"),
        Refused(.duplicateHost, "GET / HTTP/1.0\r\nHost: h\r\nHost: i\r\n\r\n"),
        Refused(.badHost, "GET / HTTP/1.0\r\nHost: a b\r\n\r\n"),
        Refused(.badHost, "GET http://h/ HTTP/1.1\r\nHost: a b\r\n\r\n"),
    ])
    func `a missing or repeated host is refused`(refused: Refused) throws { try expectRefusal(refused) }

    @Test(arguments: [
        "", "a b", "a,b", "a/b", "a@b", "a:b", "a:80:80", "a:-1", "a:65536", ":80", "caf\u{E9}", "%41", "a\\b", "a?b",
        "[", "[]", "[:]", "[::", "[::]a", "[::]:x", "[:::]", "[1:::2]", "[1::2::3]", "[1:2:3:4:5:6:7]", "::1",
        "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7::8]", "[12345::]", "[1:2:3:4:5:6:7:]", "[:1:2:3:4:5:6:7:8]",
        "[::1.2.3]", "[::1.2.3.256]", "[::01.2.3.4]", "[::1.2.3.4:1]", "[1.2.3.4]", "[fe80::1%25eth0]", "[v1.a]",
    ])
    func `a malformed host is refused`(host: String) throws {
        try expectRefusal(Refused(.badHost, "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n"))
    }

    @Test(arguments: [
        Refused.field(.lengthAndTransferEncoding, "Content-Length: 5", "Transfer-Encoding: chunked"),
        .field(.lengthAndTransferEncoding, "Transfer-Encoding: chunked", "Content-Length: 5"),
        .field(.lengthAndTransferEncoding, "Transfer-Encoding: identity", "Content-Length: 0"),
        .field(.duplicateContentLength, "Content-Length: 5", "Content-Length: 6"),
        .field(.duplicateContentLength, "Content-Length: 5", "content-length: 5"),
        .field(.badContentLength, "Content-Length:"),
        .field(.badContentLength, "Content-Length: x"),
        .field(.badContentLength, "Content-Length: 5x"),
        .field(.badContentLength, "Content-Length: 1000000000000000000"),
        Refused(.transferEncodingInHTTP10, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        .field(.badTransferEncoding, "Transfer-Encoding: gzip"),
        .field(.badTransferEncoding, "Transfer-Encoding: chunked, gzip"),
        .field(.unsupportedTransferCoding, "Transfer-Encoding: gzip, chunked"),
        .field(.unsupportedTransferCoding, "Transfer-Encoding: gzip", "Transfer-Encoding: chunked"),
        .field(.unknownExpectation, "Expect: 200-ok"),
        .field(.unknownExpectation, "Expect:"),
        .field(.unknownExpectation, "Expect: 100-continue, x"),
        .field(.unknownExpectation, "Expect: 100-continue", "Expect: x"),
    ])
    func `bad framing and expectations are refused`(refused: Refused) throws { try expectRefusal(refused) }
}

func expectRefusal(_ refused: Refused, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let outcome = try RequestMessage.read(Array(latin1: refused.message))
    #expect(outcome == .refused(refused.fault), sourceLocation: sourceLocation)
}

extension [UInt8] {
    /// One byte a character, so that bytes over 0x7F can be written as escapes.
    init(latin1 text: String) { self = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
}
