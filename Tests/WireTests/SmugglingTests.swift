import Exchange
import Testing
import Wire
import WireProperties

/// Ways that are known to make two parsers disagree about where a message ends, or which field it has.
@Suite struct SmugglingTests {
    @Test(arguments: [
        "+5", "-5", "5,5", "5, 5", "5;", "0x5", "5.0", "5e1", "5 5", "5_0", "\"5\"", "\u{B2}", "5,", ",5", "(5)",
    ])
    func `a length that is not all digits is refused`(value: String) throws {
        try expectRefusal(.field(.badContentLength, "Content-Length: \(value)"))
    }

    @Test(arguments: [
        "xchunked", "chunkedx", "chunked chunked", "x chunked", "\"chunked\"", "'chunked'", "chunked;", "chunked;q=1",
        "chunked;foo=bar", "identity", "", ",", "chunked,", ",chunked", "chunked,,", "chunked, identity",
        "chun\u{A0}ked",
        "chunked, chunked", "\u{A0}chunked", "chunk", "chunked\u{85}", "chunked, gzip, chunked",
    ])
    func `a transfer coding that may pass for chunked is refused`(value: String) throws {
        try expectRefusal(.field(.badTransferEncoding, "Transfer-Encoding: \(value)"))
    }

    @Test(arguments: [
        Refused.field(.badFieldValue, "Transfer-Encoding: \u{B}chunked"),
        .field(.badFieldValue, "Transfer-Encoding: chunked\u{C}"),
        .field(.badFieldValue, "Transfer-Encoding: chunked\u{0}"),
        .field(.badFieldValue, "Content-Length: \u{B}5"),
        .field(.badFieldValue, "Content-Length: 5\u{0}"),
        .field(.badTransferEncoding, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        .field(.badTransferEncoding, "Transfer-Encoding: chunked", "Transfer-Encoding: x"),
        .field(.badTransferEncoding, "Transfer-Encoding: chunked", "transfer-encoding:"),
        .field(.unsupportedTransferCoding, "Transfer-Encoding: x", "Transfer-Encoding: chunked"),
        .field(.unsupportedTransferCoding, "Transfer-Encoding: identity, chunked"),
        .field(.spaceBeforeColon, "Transfer-Encoding : chunked"),
        .field(.spaceBeforeColon, "Transfer-Encoding\t: chunked"),
        .field(.badFieldName, "Transfer-Encoding\u{0}: chunked"),
        .field(.badFieldName, "\u{B}Transfer-Encoding: chunked"),
        .field(.badFieldName, "Transfer-Encoding\u{B}: chunked"),
        .field(.badFieldName, "Transfer-Encoding\u{A0}: chunked"),
        .field(.obsoleteFold, "Transfer-Encoding:", " chunked"),
        .field(.obsoleteFold, "A: b", " Transfer-Encoding: chunked"),
        .field(.bareLF, "A: b\nTransfer-Encoding: chunked"),
        .field(.bareCR, "A: b\rTransfer-Encoding: chunked"),
        .field(.bareCR, "A: b\r\r\nTransfer-Encoding: chunked"),
        .field(.bareLF, "A: b\n\r\nTransfer-Encoding: chunked"),
        .field(.emptyFieldName, ": Transfer-Encoding: chunked"),
        .field(.lengthAndTransferEncoding, "content-length: 5", "TRANSFER-ENCODING: CHUNKED"),
        .field(.lengthAndTransferEncoding, "Content-Length: 0", "Transfer-Encoding: xchunked"),
        Refused(.badVersion, "GET / HTTP/1.1\u{0}\r\nHost: h\r\n\r\n"),
        Refused(.badVersion, "GET / HTTP/1.1 x: y\r\nHost: h\r\n\r\n"),
    ])
    func `a hidden framing field is refused`(refused: Refused) throws { try expectRefusal(refused) }

    @Test(arguments: [
        "Transfer_Encoding: chunked", "X-Transfer-Encoding: chunked", "Transfer-Encodin: chunked", "Content_Length: 5",
        "Content-Lengths: 5", "Transfer-Encoding-: chunked", "ransfer-Encoding: chunked", "Content.Length: 5",
    ])
    func `a field that only looks like framing does not frame`(line: String) throws {
        let message = "POST / HTTP/1.1\r\nHost: h\r\n\(line)\r\n\r\n"
        guard case .complete(let head, _, let forwarded) = try RequestMessage.read(Array(message.utf8)) else {
            Issue.record("not accepted")
            return
        }
        #expect(head.framing == .none)
        #expect(forwarded == Array(message.utf8))
    }

    @Test(arguments: [
        ("0x1\r\na\r\n0\r\n\r\n", WireFault.badChunkSize),
        ("1_0\r\n", .badChunkSize),
        (" 1\r\n", .badChunkSize),
        ("\t1\r\n", .badChunkSize),
        ("1 \r\n", .badChunkSize),
        ("1\t\r\n", .badChunkSize),
        ("1 ;a=b\r\n", .badChunkSize),
        ("-1\r\n", .badChunkSize),
        ("+1\r\n", .badChunkSize),
        ("1,1\r\n", .badChunkSize),
        ("\r\n", .badChunkSize),
        (";a\r\n", .badChunkSize),
        ("g\r\n", .badChunkSize),
        ("1\u{0}\r\n", .badChunkSize),
        ("1\u{E9}\r\n", .badChunkSize),
        ("10000000000000\r\n", .badChunkSize),
        ("ffffffffffffffff\r\n", .badChunkSize),
        ("00000000000000001\r\n", .badChunkSize),
        ("1\na\n0\n\n", .bareLF),
        ("\n1\r\n", .badChunkSize),
        ("1;a\nb\r\n", .bareLF),
        ("1;a\rb\r\n", .bareCR),
        ("1\ra\r\n", .bareCR),
        ("1;\u{0}\r\n", .badChunkSize),
        ("1;a=\"\u{7F}\"\r\n", .badChunkSize),
        ("1\r\nab\r\n", .badChunkEnd),
        ("1\r\na0\r\n", .badChunkEnd),
        ("1\r\na\n0\r\n\r\n", .bareLF),
        ("1\r\na\r0\r\n\r\n", .bareCR),
        ("2\r\na\r\n0\r\n\r\n", .bareLF),
        ("0\r\n\n", .bareLF),
        ("0\r\n\rX", .bareCR),
        ("0\r\nA: b\n\r\n", .bareLF),
        ("0\n\r\n", .bareLF),
        ("0\r\r\n", .bareCR),
    ])
    func `bad chunk framing is refused`(body: String, fault: WireFault) throws {
        #expect(try BodyReading(Array(latin1: body)).fault == fault)
    }
}
