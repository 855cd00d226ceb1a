import Exchange
import Foundation
import Model
import NIOCore
import Testing

@testable import Observation

@Suite struct AccessLogFormatTests {
    private func text(_ call: SampleCall, _ format: AccessLog.Format, hasHead: Bool = true) throws -> String {
        String(decoding: call.line(try .compile(format), hasHead: hasHead), as: UTF8.self)
    }

    private func json(_ call: SampleCall, _ format: AccessLog.Format = .json) throws -> [String: Any] {
        let line = call.line(try .compile(format))
        #expect(line.last == UInt8(ascii: "\n"))
        #expect(!line.dropLast().contains { $0 < 0x20 || $0 == 0x7F })
        return try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }

    @Test func `a proxied call is one JSON object`() throws {
        let expected = """
            {"time":"2026-05-04T03:02:01.987Z","request_id":"0123456789abcdeffedcba9876543210","client":"192.0.2.7",\
            "method":"GET","host":"api.test.com:8080","path":"/orders/7","query":"page=2","protocol":"HTTP/1.1",\
            "status":200,"bytes_in":0,"bytes_out":512,"duration_ms":12.345,"api":"orders","stage":"$default",\
            "route":"GET /orders/{id}","backend":"orders","target":"10.0.0.1:9001","backend_status":200,\
            "backend_ms":12.000,"attempts":1,"user_agent":"curl/8.5"}

            """
        #expect(try text(SampleCall(), .json) == expected)
    }

    @Test func `a refused call tells why and nothing of a backend`() throws {
        let line = try json(.refused(status: 405, cause: "route.method"))
        #expect(line["cause"] as? String == "route.method")
        #expect(line["status"] as? Int == 405)
        #expect(line["backend"] == nil && line["attempts"] == nil)
    }

    @Test func `bytes that are no request have a line too`() throws {
        let expected = """
            {"time":"2026-05-04T03:02:01.987Z","request_id":"0123456789abcdeffedcba9876543210","client":"192.0.2.7",\
            "status":400,"bytes_in":0,"bytes_out":0,"duration_ms":0.050,"cause":"wire.request-line"}

            """
        #expect(try text(.malformed, .json, hasHead: false) == expected)
        let common = "192.0.2.7 - - [04/May/2026:03:02:01 +0000] \"- - -\" 400 0\n"
        #expect(try text(.malformed, .commonLogFormat, hasHead: false) == common)
    }

    @Test func `ranges of a head that is not there are not read`() throws {
        let exchange = SampleCall.malformed.exchange()
        exchange.request.bytes.clear()
        exchange.path = CanonicalPath()
        for format in [AccessLog.Format.json, .template("$context.domainName $context.domainPrefix $context.path")] {
            var clock = WallClock { 0 }
            var buffer = exchange.request.bytes
            try AccessLogFormat.compile(format).write(exchange, clock: &clock, to: &buffer)
            #expect(!String(buffer: buffer).contains("orders/7"))
        }
    }

    @Test(arguments: [1_900, 2_048, 10_000, 100_000])
    func `a line of any length is whole`(length: Int) throws {
        var call = SampleCall()
        call.userAgent = Array(repeating: 0x01, count: length)
        #expect((try json(call)["user_agent"] as? String)?.utf8.count == length)
        let prefix = String(repeating: "x", count: length)
        #expect(try text(call, .template(prefix + "$context.status")) == prefix + "200\n")
    }

    @Test(arguments: [0, 9, 10, 99_999_999, 100_000_000, 10_000_000_000_000_001, Int.max])
    func `a number has all its digits`(number: Int) throws {
        var call = SampleCall()
        call.record.responseBytes = number
        #expect(try text(call, .template("$context.responseLength")) == "\(number)\n")
    }

    @Test func `the common log format`() throws {
        let expected = "192.0.2.7 - - [04/May/2026:03:02:01 +0000] \"GET /orders/7 HTTP/1.1\" 200 512\n"
        #expect(try text(SampleCall(), .commonLogFormat) == expected)
    }

    @Test(arguments: [
        ("accountId", "-"), ("apiId", "orders"), ("stage", "$default"), ("routeKey", "GET /orders/{id}"),
        ("resourcePath", "/orders/{id}"), ("httpMethod", "GET"), ("path", "/orders/7"), ("protocol", "HTTP/1.1"),
        ("status", "200"), ("requestId", "0123456789abcdeffedcba9876543210"),
        ("extendedRequestId", "0123456789abcdeffedcba9876543210"), ("requestTime", "04/May/2026:03:02:01 +0000"),
        ("requestTimeEpoch", "1777863721987"), ("responseLatency", "12"), ("responseLength", "512"),
        ("dataProcessed", "512"), ("domainName", "api.test.com"), ("domainPrefix", "api"),
        ("identity.sourceIp", "192.0.2.7"), ("identity.userAgent", "curl/8.5"), ("integration.latency", "12"),
        ("integrationLatency", "12"), ("integration.status", "200"), ("integrationStatus", "200"),
        ("integration.integrationStatus", "200"), ("integration.error", "-"), ("integrationErrorMessage", "-"),
        ("error.message", "-"), ("error.messageString", "\"-\""), ("error.responseType", "-"),
        ("xrayTraceId", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("authorizer.tenant", "-"),
        ("waf.status", "-"), ("identity.userArn", "-"), ("daemun.cause", "-"), ("daemun.backend", "orders"),
        ("daemun.target", "10.0.0.1:9001"), ("daemun.attempts", "1"), ("daemun.overhead", "345"),
        ("daemun.requestLength", "0"),
    ])
    func `a variable has its value`(name: String, expected: String) throws {
        var call = SampleCall()
        call.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        #expect(try text(call, .template("<$context.\(name)>.")) == "<\(expected)>.\n")
    }

    @Test(arguments: [
        ("wire.target", "integration.error", "-"), ("backend.timeout", "integration.error", "backend.timeout"),
        ("backend.timeout", "error.messageString", "\"backend.timeout\""), ("route.none", "daemun.cause", "route.none"),
    ])
    func `a cause is an integration's error only when the backend failed`(cause: String, name: String, value: String)
        throws
    {
        let call = SampleCall.refused(status: 504, cause: Cause(cause))
        #expect(try text(call, .template("$context.\(name)")) == value + "\n")
    }

    @Test(arguments: [
        ("a.b.test:80", "a.b.test", "a"), ("localhost", "localhost", "localhost"), ("[::1]:8080", "[::1]", "[::1]"),
        ("127.0.0.1:80", "127.0.0.1", "127"), ("", "-", "-"), ("h:", "h", "h"),
    ])
    func `the domain is the host without its port`(host: String, name: String, prefix: String) throws {
        var call = SampleCall()
        call.host = host
        let line = try text(call, .template("$context.domainName $context.domainPrefix"))
        #expect(line == "\(name) \(prefix)\n")
    }

    @Test func `every known name compiles`() throws {
        for name in AccessLogVariable.names { _ = try AccessLogFormat.compile(.template("$context.\(name)")) }
    }

    @Test(arguments: [
        ("$context.requestid", "$context.requestId"), ("$context.identity.sourceIP", "$context.identity.sourceIp"),
        ("$context.daemun.atempts", "$context.daemun.attempts"),
    ])
    func `an unknown variable is a fault with a suggestion`(text: String, suggestion: String) {
        let fault = #expect(throws: Fault.self) { try AccessLogFormat.compile(.template("x \(text). y")) }
        #expect(fault?.text == text)
        #expect(fault?.suggestion == suggestion)
    }

    @Test(arguments: ["$context.", "$context.authorizer.", "$context.nothing.like.this", "a\nb"])
    func `a malformed template is a fault`(text: String) {
        #expect(throws: Fault.self) { try AccessLogFormat.compile(.template(text)) }
    }

    @Test(arguments: ["", "$", "$$context", "$contextpath", "100 %", "é"])
    func `text without variables stands for itself`(literal: String) throws {
        #expect(try text(SampleCall(), .template(literal)) == literal + "\n")
    }
}

@Suite struct HostileBytesTests {
    private static let jsonTemplate = """
        {"path":"$context.path","agent":"$context.identity.userAgent","status":$context.status,\
        "error":$context.error.messageString}
        """

    /// Around the byte, so that it meets the eight-byte and the single-byte scan.
    private func call(_ bytes: [UInt8]) -> SampleCall {
        var call = SampleCall()
        call.path = Array("/".utf8) + bytes
        call.userAgent = Array("0123456789".utf8) + bytes + Array("abc".utf8)
        return call
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `no byte makes a JSON line invalid or forges another`(byte: UInt8) throws {
        for bytes in [[byte], [byte, byte], [0xE2, 0x80, byte], [0xF0, 0x9F, 0x98, byte], [byte, 0x22, 0x2C]] {
            for format in [AccessLog.Format.json, .template(Self.jsonTemplate)] {
                let line = call(bytes).line(try .compile(format))
                #expect(line.firstIndex(of: UInt8(ascii: "\n")) == line.count - 1)
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
                #expect(object["status"] as? Int == 200)
                #expect((object["path"] as? String)?.utf8.first == UInt8(ascii: "/"))
            }
        }
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `no byte ends a line or a quoted value of a text template`(byte: UInt8) throws {
        let line = call([byte]).line(try .compile(.template("\"$context.identity.userAgent\" $context.path")))
        let isPlain = (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        let value = isPlain ? String(UnicodeScalar(byte)) : "\\x" + String(UInt16(byte) + 0x100, radix: 16).dropFirst()
        #expect(String(decoding: line, as: UTF8.self) == "\"0123456789\(value)abc\" /\(value)\n")
    }

    @Test func `only a template that begins with a brace is JSON`() throws {
        let quote = call(Array("\"".utf8))
        let json = String(decoding: quote.line(try .compile(.template("{$context.path"))), as: UTF8.self)
        let text = String(decoding: quote.line(try .compile(.template("$context.path{"))), as: UTF8.self)
        #expect(json == "{/\\\"\n")
        #expect(text == "/\\x22{\n")
    }

    @Test func `a forged line stays inside its value`() throws {
        let forged = call(Array("x\r\n{\"status\":500}\n".utf8))
        for format in [AccessLog.Format.json, .commonLogFormat] {
            let line = forged.line(try .compile(format))
            #expect(line.count { $0 == 0x0A || $0 == 0x0D } == 1)
        }
    }

    @Test(arguments: 0..<24)
    func `a special byte is found at every place of a value`(length: Int) {
        for special in [0x00, 0x1F, 0x22, 0x5C, 0x7F, 0x80, 0xFF] as [UInt8] {
            for place in 0..<length {
                var bytes = [UInt8](repeating: UInt8(ascii: "!"), count: length)
                let before = bytes.span.isPlain
                bytes[place] = special
                let after = bytes.span.isPlain
                #expect(before && !after, "\(special) at \(place) of \(length)")
            }
        }
    }
}
