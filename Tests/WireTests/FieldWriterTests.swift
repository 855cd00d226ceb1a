import Exchange
import NIOCore
import Testing
import Wire
import WireProperties

@Suite struct FieldWriterTests {
    @Test(arguments: [
        ("A: b\r\nC:d\r\nE:  f \r\n", "A: b\r\nC: d\r\nE: f\r\n"),
        ("Connection: close\r\nA: b\r\nTE: x\r\nUpgrade: x\r\nKeep-Alive: 5\r\nC: d\r\n", "A: b\r\nC: d\r\n"),
        ("A: b\r\nConnection: x-secret, C\r\nX-Secret: 1\r\nC: d\r\nX-Secret: 2\r\nD:\r\n", "A: b\r\nD: \r\n"),
        ("X-A: 1\r\nConnection: keep-alive\r\nConnection: x-A ,\t\r\n", ""),
        ("Trailer: x\r\nProxy-Connection: x\r\nTransfer-Encoding: chunked\r\n", ""),
        ("A:\r\nA:\r\na: caf\u{E9}\r\n", "A: \r\nA: \r\na: caf\u{E9}\r\n"),
        ("", ""),
    ])
    func `what belongs to one connection is dropped and the rest is kept`(section: String, written: String) throws {
        let text = "GET / HTTP/1.1\r\nHost: h\r\n" + section + "\r\n"
        #expect(try write(Array(latin1: text)) == Array(latin1: written))
    }

    @Test func `the writer does what a plain filter does`() throws {
        var generator = MessageGenerator(seed: 42)
        var compared = 0
        for _ in 0..<5_000 {
            let request = generator.request()
            guard case .complete(let message, _, _) = try RequestMessage.read(request) else { continue }
            let expected = endToEnd(message.fields, without: ["host"])
                .flatMap { $0.name + Array(": ".utf8) + $0.value + Array("\r\n".utf8) }
            #expect(try write(request) == expected)
            compared += 1
        }
        #expect(compared > 2_000)
    }

    private func write(_ request: [UInt8]) throws -> [UInt8] {
        let buffer = ByteBuffer(bytes: request)
        var head = RequestHead()
        _ = try RequestParser(limits: HeadLimits(), names: FieldNameTable()).parse(buffer, scanned: 0, into: &head)
        var out = ByteBuffer()
        out.writeHead { $0.writeFields(head.section, of: buffer, dropping: .hopByHop.union(FieldNameSet(.host))) }
        return Array(buffer: out)
    }
}
