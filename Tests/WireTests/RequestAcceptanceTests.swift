import Exchange
import Testing
import Wire
import WireProperties

@Suite struct RequestAcceptanceTests {
    /// A target, with what it is taken apart to.
    struct Target: CustomTestStringConvertible, Sendable {
        var line: String
        var path: String
        var query: String?
        var authority = "h"
        var testDescription: String { line }
    }

    @Test(arguments: [
        Target(line: "GET / HTTP/1.1", path: "/"),
        Target(line: "GET /a/b;c=d HTTP/1.1", path: "/a/b;c=d"),
        Target(line: "GET /a?b=c&d HTTP/1.1", path: "/a", query: "b=c&d"),
        Target(line: "GET /a? HTTP/1.1", path: "/a", query: ""),
        Target(line: "GET /?a?b/c HTTP/1.1", path: "/", query: "a?b/c"),
        Target(line: "GET //a//b/../c HTTP/1.1", path: "//a//b/../c"),
        Target(line: "GET /%2e%2E/%zz HTTP/1.1", path: "/%2e%2E/%zz"),
        Target(line: "GET /a*b HTTP/1.1", path: "/a*b"),
        Target(line: "OPTIONS * HTTP/1.1", path: "*"),
        Target(line: "GET http://i/a?b HTTP/1.1", path: "/a", query: "b", authority: "i"),
        Target(line: "GET HTTP://I:8080/ HTTP/1.1", path: "/", authority: "I:8080"),
        Target(line: "GET https://i/ HTTP/1.1", path: "/", authority: "i"),
        Target(line: "GET http://i HTTP/1.1", path: "/", authority: "i"),
        Target(line: "GET http://i?a=/b HTTP/1.1", path: "/", query: "a=/b", authority: "i"),
        Target(line: "OPTIONS http://i? HTTP/1.1", path: "/", query: "", authority: "i"),
        Target(line: "OPTIONS http://i/ HTTP/1.1", path: "/", authority: "i"),
        Target(line: "GET http://[::1]:80/a HTTP/1.1", path: "/a", authority: "[::1]:80"),
        Target(line: "\r\nGET /a HTTP/1.1", path: "/a"),
        Target(line: "\r\nGET http://i HTTP/1.1", path: "/", authority: "i"),
        Target(line: "!#$%&'*+-.^_`|~09azAZ / HTTP/1.1", path: "/"),
    ])
    func `a target is taken apart`(target: Target) throws {
        let head = try accepted(target.line + "\r\nHost: h\r\n\r\n")
        #expect(head.path == Array(target.path.utf8))
        #expect(head.query == target.query.map { Array($0.utf8) })
        #expect(head.authority == Array(target.authority.utf8))
    }

    @Test(arguments: [
        "h", "h:80", "h:", "api.test.com", "a_b", "a-b.c~d", "H", "127.0.0.1:65535", "localhost.", "h:00080", "1",
        "xn--p1ai",
        "[::]", "[::1]", "[1::]:80", "[1:2:3:4:5:6:7:8]", "[1::3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[2001:DB8::aBcD]",
        "[::1.2.3.4]", "[::ffff:255.0.0.1]:1", "[1:2:3:4:5:6:1.2.3.4]", "[::2:3:4:5:6:7:8]",
    ])
    func `a host is accepted`(host: String) throws {
        #expect(try accepted("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").authority == Array(host.utf8))
    }

    @Test(arguments: [
        ("A: b", "A", "b"),
        ("A:b", "A", "b"),
        ("A:   b c \t ", "A", "b c"),
        ("A:\tb\tc\t", "A", "b\tc"),
        ("A:", "A", ""),
        ("A: ", "A", ""),
        ("A: \t \t ", "A", ""),
        ("A: caf\u{E9}\u{80}\u{FF}", "A", "caf\u{E9}\u{80}\u{FF}"),
        ("!#$%&'*+-.^_`|~09azAZ: x", "!#$%&'*+-.^_`|~09azAZ", "x"),
        ("A: \"<>@,;:\\/[]?={}()\"", "A", "\"<>@,;:\\/[]?={}()\""),
    ])
    func `a field is taken apart`(line: String, name: String, value: String) throws {
        let head = try accepted("GET / HTTP/1.1\r\nHost: h\r\n\(line)\r\n\r\n")
        #expect(head.fields.last == FieldLine(name: Array(latin1: name), value: Array(latin1: value)))
    }

    @Test(arguments: [
        ("", BodyFraming.none),
        ("Content-Length: 0\r\n", .length(0)),
        ("Content-Length:5\r\n", .length(5)),
        ("content-length: \t5 \r\n", .length(5)),
        ("CONTENT-LENGTH: 0000000000000005\r\n", .length(5)),
        ("Content-Length: 999999999999999999\r\n", .length(999_999_999_999_999_999)),
        ("Transfer-Encoding: chunked\r\n", .chunked),
        ("transfer-encoding:\tChUnKeD \r\n", .chunked),
    ])
    func `the framing is read`(line: String, framing: BodyFraming) throws {
        #expect(try accepted("POST / HTTP/1.1\r\nHost: h\r\n\(line)\r\n").framing == framing)
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true),
        ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: a, ,CLOSE\r\n", false),
        ("HTTP/1.1", "Connection: a\r\nConnection: close\r\n", false),
        ("HTTP/1.1", "Connection: closed\r\n", true),
        ("HTTP/1.1", "Proxy-Connection: close\r\n", true),
        ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
        ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
    ])
    func `a connection stays open as the fields say`(version: String, line: String, keepsAlive: Bool) throws {
        #expect(try accepted("GET / \(version)\r\nHost: h\r\n\(line)\r\n").keepsAlive == keepsAlive)
    }

    @Test(arguments: [
        ("HTTP/1.1", "Content-Length: 1\r\n", true),
        ("HTTP/1.1", "Transfer-Encoding: chunked\r\n", true),
        ("HTTP/1.1", "Content-Length: 0\r\n", false),
        ("HTTP/1.1", "", false),
        ("HTTP/1.0", "Content-Length: 1\r\n", false),
    ])
    func `continue is waited for only with a body in HTTP/1.1`(version: String, line: String, expects: Bool) throws {
        let head = try accepted("PUT / \(version)\r\nHost: h\r\nExpect: 100-Continue\r\n\(line)\r\n")
        #expect(head.expectsContinue == expects)
    }

    @Test func `HTTP/1.0 needs no host`() throws {
        let head = try accepted("GET /a HTTP/1.0\r\n\r\n")
        #expect(head.version == .http10)
        #expect(head.authority.isEmpty)
    }

    @Test func `a head ends before what follows it`() throws {
        let first = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
        guard case .complete(_, let length, _) = try RequestMessage.read(Array((first + "GET /b HT").utf8)) else {
            Issue.record("not accepted")
            return
        }
        #expect(length == first.utf8.count)
    }

    private func accepted(_ text: String) throws -> RequestMessage {
        guard case .complete(let message, let length, _) = try RequestMessage.read(Array(latin1: text)) else {
            throw NotAccepted(text: text)
        }
        #expect(length == text.unicodeScalars.count)
        return message
    }
}

/// A message that should have been accepted.
struct NotAccepted: Error { var text: String }
