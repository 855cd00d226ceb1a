import Exchange
import NIOCore
import Testing
import Wire

/// What opens a WebSocket connection, and what does not.
@Suite struct WebSocketHandshakeTests {
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    private func read(
        _ fields: [String],
        line: String = "GET /chat HTTP/1.1"
    ) throws -> (WebSocketHandshake.Request, RequestHead) {
        let bytes = ByteBuffer(string: ([line, "Host: h"] + fields + ["", ""]).joined(separator: "\r\n"))
        var head = RequestHead()
        _ = try RequestParser(limits: HeadLimits(), names: FieldNameTable()).parse(bytes, scanned: 0, into: &head)
        head.bytes = bytes
        return (WebSocketHandshake.read(head), head)
    }

    private static let usual = [
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(key)",
    ]

    @Test(arguments: [
        usual,
        ["UPGRADE: WebSocket", "connection: keep-alive, UPGRADE", "sec-websocket-version: 13", "SEC-WEBSOCKET-KEY: \(key)"],
        usual + ["Upgrade: h2c", "Connection: x"],
        usual + ["Content-Length: 0", "Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: a, b"],
    ])
    func `a handshake is read whatever surrounds it`(fields: [String]) throws {
        let (request, head) = try read(fields)
        guard case .opens(let key) = request else {
            Issue.record("\(request)")
            return
        }
        #expect(String(buffer: head.bytes(of: key)) == Self.key)
    }

    @Test(arguments: [
        [],
        ["Upgrade: websocket"],
        ["Connection: Upgrade"],
        ["Upgrade: h2c", "Connection: Upgrade"],
        ["Upgrade: websocket2", "Connection: Upgrade"],
        ["Upgrade: websocket", "Connection: upgrades"],
    ])
    func `other requests are none`(fields: [String]) throws {
        #expect(try read(fields + Self.usual.dropFirst(2)).0 == .none)
    }

    @Test func `HTTP 1_0 knows no upgrade`() throws {
        #expect(try read(Self.usual, line: "GET / HTTP/1.0").0 == .none)
    }

    @Test(arguments: [
        (WebSocketFault.method, "POST / HTTP/1.1", usual),
        (.body, "GET / HTTP/1.1", usual + ["Content-Length: 5"]),
        (.body, "GET / HTTP/1.1", usual + ["Transfer-Encoding: chunked"]),
        (.version, "GET / HTTP/1.1", usual.filter { !$0.contains("Version") }),
        (.version, "GET / HTTP/1.1", usual.map { $0.replacing("13", with: "8") }),
        (.version, "GET / HTTP/1.1", usual + ["Sec-WebSocket-Version: 13"]),
        (.key, "GET / HTTP/1.1", usual.dropLast()),
        (.key, "GET / HTTP/1.1", usual + [usual[3]]),
        (.key, "GET / HTTP/1.1", usual.dropLast() + ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ="]),
        (.key, "GET / HTTP/1.1", usual.dropLast() + ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*Q=="]),
        (.key, "GET / HTTP/1.1", usual.dropLast() + ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA"]),
    ] as [(WebSocketFault, String, [String])])
    func `a faulty handshake is told apart`(fault: WebSocketFault, line: String, fields: [String]) throws {
        #expect(try read(fields, line: line).0 == .faulty(fault))
        #expect((400...426).contains(fault.refusal.status))
    }

    private static let answer = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: yes="]

    @Test(arguments: [
        (answer, true),
        (["upgrade: WebSocket", "connection: keep-alive, upgrade", "sec-websocket-accept: yes="], true),
        (answer.dropLast() + ["Sec-WebSocket-Accept: yes"], false),
        (answer.dropLast() + ["Sec-WebSocket-Accept: YES="], false),
        (Array(answer.dropLast()), false),
        (answer + ["Sec-WebSocket-Accept: yes="], false),
        (Array(answer.dropFirst()), false),
        (answer + ["Upgrade: websocket"], false),
        (["Upgrade: h2c", answer[1], answer[2]], false),
        ([answer[0], "Connection: keep-alive", answer[2]], false),
    ] as [([String], Bool)])
    func `an answer completes it or not`(fields: [String], isCompleted: Bool) throws {
        let text = (["HTTP/1.1 101 Switching Protocols"] + fields + ["", ""]).joined(separator: "\r\n")
        let bytes = ByteBuffer(string: text)
        var head = ResponseHead()
        _ = try ResponseParser(limits: HeadLimits(), names: FieldNameTable())
            .parse(bytes, scanned: 0, toHEAD: false, into: &head)
        head.bytes = bytes
        #expect(WebSocketHandshake.isCompleted(by: head, accept: ByteBuffer(string: "yes=")) == isCompleted)
    }
}
