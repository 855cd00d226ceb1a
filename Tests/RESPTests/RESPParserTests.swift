import NIOCore
import RESP
import RESPProperties
import Testing

@Suite struct RESPParserTests {
    struct Sample: CustomTestStringConvertible {
        var wire: String
        var value: RESPValue
        var testDescription: String { wire.debugDescription }
    }

    private static func text(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    static let samples: [Sample] = [
        Sample(wire: "+OK\r\n", value: .simple(text("OK"))),
        Sample(wire: "+\r\n", value: .simple(text(""))),
        Sample(wire: "-ERR no\r\n", value: .error(text("ERR no"))),
        Sample(wire: "!6\r\nERR\r\nx\r\n", value: .error(text("ERR\r\nx"))),
        Sample(wire: ":0\r\n", value: .integer(0)),
        Sample(wire: ":+7\r\n", value: .integer(7)),
        Sample(wire: ":-9223372036854775808\r\n", value: .integer(.min)),
        Sample(wire: ":9223372036854775807\r\n", value: .integer(.max)),
        Sample(wire: "$5\r\na\r\nbc\r\n", value: .bulk(text("a\r\nbc"))),
        Sample(wire: "$0\r\n\r\n", value: .bulk(text(""))),
        Sample(wire: "$-1\r\n", value: .null),
        Sample(wire: "*-1\r\n", value: .null),
        Sample(wire: "_\r\n", value: .null),
        Sample(wire: "*0\r\n", value: .array([])),
        Sample(wire: "*2\r\n:1\r\n*1\r\n+a\r\n", value: .array([.integer(1), .array([.simple(text("a"))])])),
        Sample(wire: "#t\r\n", value: .boolean(true)),
        Sample(wire: "#f\r\n", value: .boolean(false)),
        Sample(wire: ",1.5\r\n", value: .double(1.5)),
        Sample(wire: ",-10\r\n", value: .double(-10)),
        Sample(wire: ",1E-7\r\n", value: .double(1e-7)),
        Sample(wire: ",inf\r\n", value: .double(.infinity)),
        Sample(wire: ",-inf\r\n", value: .double(-.infinity)),
        Sample(
            wire: "(-3492890328409238509324850943850943825024385\r\n",
            value: .bigNumber(text("-3492890328409238509324850943850943825024385"))
        ),
        Sample(wire: "=8\r\ntxt:abcd\r\n", value: .verbatim(format: text("txt"), text: text("abcd"))),
        Sample(wire: "%1\r\n+a\r\n:1\r\n", value: .map([.init(.simple(text("a")), .integer(1))])),
        Sample(wire: "%0\r\n", value: .map([])),
        Sample(wire: "~2\r\n:1\r\n:2\r\n", value: .set([.integer(1), .integer(2)])),
        Sample(wire: ">2\r\n+message\r\n:1\r\n", value: .push([.simple(text("message")), .integer(1)])),
        Sample(wire: "|1\r\n+ttl\r\n:3\r\n+OK\r\n", value: .simple(text("OK"))),
        Sample(wire: "*2\r\n:1\r\n|1\r\n+ttl\r\n%1\r\n+a\r\n_\r\n:2\r\n", value: .array([.integer(1), .integer(2)])),
        Sample(wire: "|0\r\n:1\r\n", value: .integer(1)),
    ]

    @Test(arguments: samples)
    func `every type is read, in whatever pieces it comes`(sample: Sample) throws {
        let bytes = Array(sample.wire.utf8)
        for cut in 1...bytes.count {
            var parser = RESPParser()
            var value: RESPValue?
            for start in stride(from: 0, to: bytes.count, by: cut) {
                #expect(value == nil)
                var piece = ByteBuffer(bytes: bytes[start..<min(start + cut, bytes.count)])
                value = try parser.parse(&piece)
                #expect(piece.readableBytes == 0)
            }
            #expect(value == sample.value)
        }
    }

    @Test(arguments: [
        ("?\r\n", RESPFault.unknownType(UInt8(ascii: "?"))), ("\r\n", .emptyLine), ("+a\n", .badLineEnd),
        ("+a\rb\r\n", .badLineEnd), ("$1\r\nab\r\n", .badLineEnd), ("$1\r\na\n\r", .badLineEnd), (":\r\n", .badNumber),
        (":1.0\r\n", .badNumber), (":9223372036854775808\r\n", .badNumber), (":-\r\n", .badNumber),
        ("$-2\r\n", .badNumber), ("$-0\r\n", .badNumber), ("$+1\r\n", .badNumber), ("!-1\r\n", .badNumber),
        ("%-1\r\n", .badNumber), ("#x\r\n", .badNumber), ("#\r\n", .badNumber), ("#tt\r\n", .badNumber),
        ("_x\r\n", .badNumber), (",\r\n", .badNumber), (",0x1p3\r\n", .badNumber), (",infinity\r\n", .badNumber),
        (",1.\r\n", .badNumber), (",.5\r\n", .badNumber), (",1e\r\n", .badNumber), ("(\r\n", .badNumber),
        ("(12a\r\n", .badNumber), ("=3\r\ntxt\r\n", .badVerbatim), ("=5\r\ntxt.a\r\n", .badVerbatim),
        ("$?\r\n", .streamed), ("*?\r\n", .streamed), (";4\r\n", .streamed), (".\r\n", .streamed),
        ("*1\r\n>1\r\n+a\r\n", .nestedPush), ("*9999999\r\n", .tooManyElements),
        ("*200000\r\n*200000\r\n", .tooManyElements), ("%4611686018427387904\r\n", .tooManyElements),
        ("$99999999999\r\n", .tooLarge),
    ])
    func `what is no RESP is refused, and everything after it`(wire: String, fault: RESPFault) {
        var parser = RESPParser()
        for _ in 0..<2 {
            #expect(throws: fault) {
                var bytes = ByteBuffer(string: wire)
                while try parser.parse(&bytes) != nil {}
            }
        }
    }

    @Test func `limits are met to the byte and the value`() throws {
        var limits = RESPLimits()
        limits.line = 8
        limits.bytes = 30
        limits.elements = 4
        limits.depth = 2
        func read(_ wire: String) throws -> RESPValue? {
            var parser = RESPParser(limits: limits)
            var bytes = ByteBuffer(string: wire)
            return try parser.parse(&bytes)
        }
        #expect(try read("+1234567\r\n") != nil)
        #expect(throws: RESPFault.lineTooLong) { try read("+12345678\r\n") }
        #expect(throws: RESPFault.lineTooLong) { try read("+1234567890") }
        #expect(try read("$23\r\n" + String(repeating: "a", count: 23) + "\r\n") != nil)
        #expect(throws: RESPFault.tooLarge) { try read("$24\r\n") }
        #expect(throws: RESPFault.tooLarge) { try read("*2\r\n$9\r\n123456789\r\n$6\r\n") }
        #expect(try read("*2\r\n*1\r\n:1\r\n:1\r\n") != nil)
        #expect(throws: RESPFault.tooDeep) { try read("*1\r\n*1\r\n*1\r\n:1\r\n") }
        #expect(throws: RESPFault.tooManyElements) { try read("*3\r\n%1\r\n") }
    }

    @Test func `a long text in many pieces is looked at once`() throws {
        var parser = RESPParser()
        var head = ByteBuffer(string: "$4194304\r\n")
        #expect(try parser.parse(&head) == nil)
        let piece = ByteBuffer(repeating: 7, count: 1024)
        // 4096 pieces: looked at anew with each, they would be eight thousand million bytes.
        for _ in 0..<4096 {
            var bytes = piece
            #expect(try parser.parse(&bytes) == nil)
        }
        var end = ByteBuffer(string: "\r\n")
        #expect(try parser.parse(&end)?.bytes?.readableBytes == 4_194_304)
    }

    @Test func `the property holds for generated replies, whole and damaged`() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var writer = RESPWriter()
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                writer.value(Self.value(depth: 0, &generator))
            }
            var input = (0..<Int.random(in: 0...15, using: &generator)).map { _ in UInt8.random(in: 0...20) }
            input.insert(UInt8(input.count), at: 0)
            input += Array(writer.bytes.readableBytesView)
            try RESPProperty.check(input)
            input[Int.random(in: 0..<input.count)] = UInt8.random(in: 0...255)
            try RESPProperty.check(input)
        }
    }

    private static func value(depth: Int, _ generator: inout some RandomNumberGenerator) -> RESPValue {
        let bytes = ByteBuffer(bytes: (0..<Int.random(in: 0...6)).map { _ in UInt8.random(in: 0...255) })
        let elements = depth > 2 ? [] : (0..<Int.random(in: 0...3)).map { _ in value(depth: depth + 1, &generator) }
        switch Int.random(in: 0...12, using: &generator) {
        case 0: return .null
        case 1: return .simple(text("a simple text"))
        case 2: return .error(bytes)
        case 3: return .integer(.random(in: .min ... .max, using: &generator))
        case 4: return .bulk(bytes)
        case 5: return .boolean(.random(using: &generator))
        case 6: return .double(Double(bitPattern: .random(in: 0 ... .max, using: &generator)))
        case 7: return .bigNumber(text("-123456789012345678901234567890"))
        case 8: return .verbatim(format: text("mkd"), text: bytes)
        case 9: return .map(elements.map { .init(.integer(1), $0) })
        case 10: return .set(elements)
        case 11 where depth == 0: return .push(elements)
        default: return .array(elements)
        }
    }
}
