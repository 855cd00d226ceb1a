import Exchange
import Testing
import Wire
import WireProperties

@Suite struct ResponseParserTests {
    @Test(arguments: [
        (WireFault.badVersion, "ICY 200 OK"),
        (.badVersion, " HTTP/1.1 200 OK"),
        (.badVersion, "\r\nHTTP/1.1 200 OK"),
        (.badVersion, "HTTP/11 200 OK"),
        (.unsupportedVersion, "HTTP/2.0 200 OK"),
        (.unsupportedVersion, "HTTP/0.9 200 OK"),
        (.badStatusLine, "HTTP/1.1  200 OK"),
        (.badStatusLine, "HTTP/1.1\t200 OK"),
        (.badStatusLine, "HTTP/1.1 20 OK"),
        (.badStatusLine, "HTTP/1.1 2000 OK"),
        (.badStatusLine, "HTTP/1.1 +20 OK"),
        (.badStatusLine, "HTTP/1.1 0x2 OK"),
        (.badStatusLine, "HTTP/1.1 200OK"),
        (.badStatusLine, "HTTP/1.1 200\tOK"),
        (.badStatusLine, "HTTP/1.1 099 Low"),
        (.badStatusLine, "HTTP/1.1 600 High"),
        (.badStatusLine, "HTTP/1.1 OK here"),
        (.badStatusLine, "HTTP/1.1 200 O\u{0}K"),
        (.bareLF, "HTTP/1.1 200 OK\nX: y"),
        (.bareCR, "HTTP/1.1 200 OK\rX: y"),
        (.obsoleteFold, "HTTP/1.1 200 OK\r\nX: y\r\n z"),
        (.spaceBeforeColon, "HTTP/1.1 200 OK\r\nX : y"),
        (.badFieldValue, "HTTP/1.1 200 OK\r\nX: \u{0}"),
        (.bareLF, "HTTP/1.1 200 OK\r\nX: y\nZ: z"),
        (.lengthAndTransferEncoding, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked"),
        (.duplicateContentLength, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1"),
        (.badContentLength, "HTTP/1.1 200 OK\r\nContent-Length: 1, 1"),
        (.badTransferEncoding, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip"),
        (.unsupportedTransferCoding, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked"),
        (.transferEncodingInHTTP10, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked"),
        (.badContentLength, "HTTP/1.1 204 No Content\r\nContent-Length: x"),
        (.badTransferEncoding, "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: x"),
    ])
    func `a bad response is refused`(fault: WireFault, text: String) throws {
        #expect(try ResponseMessage.read(Array(latin1: text + "\r\n\r\n")) == .refused(fault))
    }

    /// A response, and how its body is delimited.
    struct Framed: CustomTestStringConvertible, Sendable {
        var status: Int
        var line = ""
        var toHEAD = false
        var framing: BodyFraming
        var contentLength: Int?
        var keepsAlive = true
        var testDescription: String { "\(status) \(line)\(toHEAD ? " to HEAD" : "")" }
    }

    @Test(arguments: [
        Framed(status: 200, line: "Content-Length: 5\r\n", framing: .length(5), contentLength: 5),
        Framed(status: 200, line: "Content-Length: 0\r\n", framing: .length(0), contentLength: 0),
        Framed(status: 200, line: "Transfer-Encoding: chunked\r\n", framing: .chunked),
        Framed(status: 200, framing: .untilClose, keepsAlive: false),
        Framed(status: 205, line: "Content-Length: 0\r\n", framing: .length(0), contentLength: 0),
        Framed(status: 599, line: "Content-Length: 5\r\n", framing: .length(5), contentLength: 5),
        Framed(status: 200, line: "Content-Length: 5\r\n", toHEAD: true, framing: .none, contentLength: 5),
        Framed(status: 200, line: "Transfer-Encoding: chunked\r\n", toHEAD: true, framing: .none),
        Framed(status: 200, toHEAD: true, framing: .none),
        Framed(status: 304, framing: .none),
        Framed(status: 304, line: "Content-Length: 5\r\n", framing: .none, contentLength: 5),
        Framed(status: 204, framing: .none),
        Framed(status: 204, line: "Content-Length: 0\r\n", framing: .none),
        Framed(status: 204, line: "Content-Length: 5\r\n", framing: .none, keepsAlive: false),
        Framed(status: 204, line: "Transfer-Encoding: chunked\r\n", framing: .none, keepsAlive: false),
        Framed(status: 100, framing: .none),
        Framed(status: 103, line: "Link: </a>\r\n", framing: .none),
        Framed(status: 199, line: "Content-Length: 5\r\n", framing: .none, keepsAlive: false),
        Framed(status: 101, line: "Connection: upgrade\r\n", framing: .none),
        Framed(
            status: 200,
            line: "Content-Length: 5\r\nConnection: close\r\n",
            framing: .length(5),
            contentLength: 5,
            keepsAlive: false
        ),
    ])
    func `the end of a body follows from status, method and fields`(framed: Framed) throws {
        let text = "HTTP/1.1 \(framed.status) X\r\n\(framed.line)\r\n"
        guard case .complete(let head, _, _) = try ResponseMessage.read(Array(text.utf8), toHEAD: framed.toHEAD) else {
            throw NotAccepted(text: text)
        }
        #expect(head.framing == framed.framing)
        #expect(head.contentLength == framed.contentLength)
        #expect(head.keepsAlive == framed.keepsAlive)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK", "OK"), ("HTTP/1.1 200 ", ""), ("HTTP/1.1 200", ""), ("HTTP/1.1 200  a b ", " a b "),
        ("HTTP/1.1 200 caf\u{E9}\t!", "caf\u{E9}\t!"), ("HTTP/1.0 200 OK", "OK"),
    ])
    func `a reason may be missing or anything readable`(line: String, reason: String) throws {
        guard case .complete(let head, _, _) = try ResponseMessage.read(Array(latin1: line + "\r\n\r\n")) else {
            throw NotAccepted(text: line)
        }
        #expect(head.reason == Array(latin1: reason))
    }
}
