import Testing
import Wire
import WireProperties

/// A message means the same wherever the network cuts it.
@Suite struct PieceTests {
    private static let requests = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "\r\nGET http://[::1]:80?q HTTP/1.1\r\nHost: h\r\nX:\r\n\r\nGET /next",
        "POST /a/b?c HTTP/1.1\r\nhost:h\r\nContent-Length: 5\r\nConnection: close, x\r\nX: \tcaf\u{E9} \r\n\r\nhello",
        "PUT / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\nHost: h\n\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
        "GET / HTTP/3.1\r\nHost: h\r\n\r\n",
        "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
    ]

    @Test(arguments: requests)
    func `a request may be cut anywhere`(text: String) throws {
        let bytes = Array(latin1: text)
        let whole = try RequestMessage.read(bytes)
        for cut in 1..<bytes.count {
            #expect(try RequestMessage.read(bytes, inPiecesOf: [cut]) == whole, "cut at \(cut)")
            for second in 1..<min(bytes.count - cut, 6) {
                #expect(try RequestMessage.read(bytes, inPiecesOf: [cut, second]) == whole, "cut at \(cut), \(second)")
            }
        }
        #expect(try RequestMessage.read(bytes, inPiecesOf: repeatElement(1, count: bytes.count)) == whole)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\nContent-Length: 0\r\nX: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: caf\u{E9}\r\n\r\n5\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\nX: y\n\n",
        "HTTP/1.1 2000 OK\r\nX: y\r\n\r\n",
        "HTTP/1.1 200 O\u{0}K\r\nX: y\r\n\r\n",
    ])
    func `a response may be cut anywhere`(text: String) throws {
        let bytes = Array(latin1: text)
        let whole = try ResponseMessage.read(bytes)
        for cut in 1..<bytes.count {
            #expect(try ResponseMessage.read(bytes, inPiecesOf: [cut]) == whole, "cut at \(cut)")
        }
        #expect(try ResponseMessage.read(bytes, inPiecesOf: repeatElement(1, count: bytes.count)) == whole)
    }

    @Test(arguments: [
        "0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\nGET /next",
        "0005;a=b;c=\"d\"\r\nhello\r\n1\r\n!\r\n00\r\nA: b\r\nC: d\r\n\r\nrest",
        "a\r\n0123456789\r\nA\r\n0123456789\r\n0;x\r\n\r\n",
        "3\r\nab\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\nabc\r\n",
        "0\r\nA: b\n\r\n",
    ])
    func `a chunked body may be cut anywhere`(text: String) throws {
        let bytes = Array(text.utf8)
        let whole = try BodyReading(bytes)
        for cut in 1..<bytes.count {
            for second in 1...max(1, bytes.count - cut) {
                #expect(try BodyReading(bytes, inPiecesOf: [cut, second]) == whole, "cut at \(cut), \(second)")
            }
        }
        #expect(try BodyReading(bytes, inPiecesOf: repeatElement(1, count: bytes.count)) == whole)
    }
}
