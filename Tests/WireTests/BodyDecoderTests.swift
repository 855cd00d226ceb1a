import Exchange
import NIOCore
import Testing
import Wire
import WireProperties

@Suite struct BodyDecoderTests {
    @Test(
        arguments: [
            ("0\r\n\r\n", "", nil),
            ("5\r\nhello\r\n0\r\n\r\n", "hello", nil),
            ("5;a\r\nhello\r\n0;b=\"\t;c\"\r\n\r\n", "hello", nil),
            ("5;\r\nhello\r\n0\r\n\r\n", "hello", nil),
            ("0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", "hello", nil),
            ("a\r\n0\r\n\r\n12345\r\n0\r\n\r\n", "0\r\n\r\n12345", nil),
            ("1\r\n\n\r\n1\r\n\r\r\n0\r\n\r\n", "\n\r", nil),
            ("0\r\nA: b\r\n\r\n", "", "A: b\r\n\r\n"),
            ("1\r\na\r\n0\r\nA: b\r\nC:\r\n\r\n", "a", "A: b\r\nC:\r\n\r\n"),
        ] as [(String, String, String?)]
    )
    func `a chunked body is decoded`(text: String, content: String, trailers: String?) throws {
        let reading = try BodyReading(Array((text + "rest").utf8))
        #expect(reading.content == Array(content.utf8))
        #expect(reading.end == text.utf8.count)
        #expect(reading.trailers == trailers.map { Array($0.utf8) })
    }

    @Test(arguments: [("5\r\nhel", "hel"), ("5\r\nhello\r\n", "hello"), ("0\r\n", ""), ("0\r\nA: b\r\n", ""), ("", "")])
    func `an unfinished chunked body needs more`(text: String, content: String) throws {
        #expect(try BodyReading(Array(text.utf8)) == .unfinished(Array(content.utf8)))
    }

    @Test func `a counted body ends after its bytes`() throws {
        #expect(try BodyReading(Array("hellorest".utf8), framing: .length(5)).end == 5)
        #expect(try BodyReading(Array("hell".utf8), framing: .length(5)) == .unfinished(Array("hell".utf8)))
        #expect(try BodyReading(Array("rest".utf8), framing: .length(0)).end == 0)
        #expect(try BodyReading(Array("rest".utf8), framing: .none).end == 0)
        #expect(BodyDecoder(.none).hasEnded && BodyDecoder(.length(0)).hasEnded)
    }

    @Test func `a body until the connection's end never ends by itself`() throws {
        let bytes = Array("0\r\n\r\n".utf8)
        #expect(try BodyReading(bytes, framing: .untilClose) == .unfinished(bytes))
        #expect(BodyDecoder(.untilClose).endsWithConnection)
    }

    @Test(arguments: [
        ("hello", BodyFraming.length(5)), ("hello", .untilClose), ("5\r\nhello\r\n0\r\n\r\n", .chunked),
        ("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", .chunked),
    ])
    func `content over the limit is refused`(text: String, framing: BodyFraming) throws {
        for lengths in [[], [1, 1, 1], Array(repeating: 1, count: 40)] {
            let bytes = Array(text.utf8)
            #expect(try BodyReading(bytes, framing: framing, limit: 5, inPiecesOf: lengths).fault == nil)
            #expect(try BodyReading(bytes, framing: framing, limit: 4, inPiecesOf: lengths).fault == .bodyTooLarge)
        }
    }

    @Test func `chunk extensions are limited`() throws {
        func body(_ count: Int) -> [UInt8] { Array("0;\(String(repeating: "x", count: count))\r\n\r\n".utf8) }
        #expect(try BodyReading(body(256)).end != nil)
        #expect(try BodyReading(body(257)).fault == .chunkExtensionTooLong)
    }

    @Test func `trailers are limited`() throws {
        func body(_ count: Int) -> [UInt8] {
            Array("0\r\nA: \(String(repeating: "x", count: count - 7))\r\n\r\n".utf8)
        }
        #expect(try BodyReading(body(8_192)).trailers?.count == 8_192)
        #expect(try BodyReading(body(8_193)).fault == .trailersTooLarge)
    }

    @Test func `the largest chunk is just under 2 to the 52`() throws {
        #expect(try BodyReading(Array("fffffffffffff\r\nabc".utf8)) == .unfinished(Array("abc".utf8)))
        #expect(try BodyReading(Array("10000000000000\r\nabc".utf8)).fault == .badChunkSize)
    }

    @Test(arguments: [
        (0, "0\r\n"), (1, "1\r\n"), (10, "a\r\n"), (16, "10\r\n"), (255, "ff\r\n"), (0xABCDE, "abcde\r\n"),
    ])
    func `a chunk size is written in hex`(size: Int, expected: String) {
        var buffer = ByteBuffer()
        buffer.writeChunkSize(size)
        #expect(String(buffer: buffer) == expected)
    }
}

extension BodyReading {
    /// A body that goes on.
    static func unfinished(_ content: [UInt8]) throws -> BodyReading {
        var reading = try BodyReading([])
        reading.content = content
        return reading
    }
}
