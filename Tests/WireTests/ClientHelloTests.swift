import Testing
import Wire

@Suite struct ClientHelloTests {
    private static let ecdsa: UInt16 = 0x0403

    private func parse(_ bytes: [UInt8]) -> ClientHelloProgress { ClientHelloParser.parse(bytes.span) }

    private func hello(_ bytes: HelloBytes) throws -> ClientHello {
        guard case .hello(let hello) = parse(bytes.records()) else { throw Unread() }
        return hello
    }

    private struct Unread: Error {}

    @Test(arguments: [
        ("shop.test", "shop.test"), ("SHOP.Test", "shop.test"), ("shop.test.", "shop.test"), ("", nil), (".", nil),
        ("a b", nil), ("é.test", nil), ("a\u{0}.test", nil), (String(repeating: "a", count: 256), nil), (nil, nil),
    ])
    func `the server name is a host's or none`(written: String?, read: String?) throws {
        #expect(try hello(HelloBytes(serverName: written)).serverName == read)
    }

    @Test(
        arguments: [
            ([0x0403], [0x0304], [0x1301], true),
            ([0x0804, 0x0403], [0x0304, 0x0303], [0x1301], true),
            ([0x0804], [0x0304], [0x1301], false),
            ([0x0403], [], [0xC02B], true),
            ([0x0403], [], [0xCCA9], true),
            ([0x0403], [], [0xC02F], false),
            ([0x0401], [], [0xC02B], false),
            ([], [], [0xC02B], false),
        ] as [([UInt16], [UInt16], [UInt16], Bool)]
    )
    func `a client takes a scheme with TLS 1.3 or with a suite for it`(
        schemes: [UInt16],
        versions: [UInt16],
        suites: [UInt16],
        accepts: Bool
    ) throws {
        let bytes = HelloBytes(signatureSchemes: schemes, versions: versions, cipherSuites: suites)
        #expect(try hello(bytes).accepts(signatureScheme: Self.ecdsa) == accepts)
    }

    @Test func `a client of TLS 1.2 may send no extensions`() throws {
        #expect(try hello(HelloBytes(hasExtensions: false)).serverName == nil)
    }

    @Test(arguments: [1, 2, 3, 50, 16_384])
    func `it makes no difference into which records the message is cut`(length: Int) {
        let bytes = HelloBytes(serverName: "shop.test", padding: 300)
        #expect(parse(bytes.records(of: length)) == parse(bytes.records()))
    }

    @Test(arguments: [1, 40, 16_384])
    func `until the last byte has come, more are needed`(length: Int) {
        let bytes = HelloBytes(serverName: "shop.test").records(of: length)
        for end in 0..<bytes.count { #expect(parse(Array(bytes[..<end])) == .needsMore) }
        #expect(parse(bytes) != .needsMore)
        #expect(parse(bytes + [23, 3, 3, 0, 1, 0]) == parse(bytes))
    }

    @Test func `a message that is too long is left to others`() {
        #expect(parse(HelloBytes(padding: 17_000).records()) == .unreadable)
        #expect(parse(HelloBytes(padding: 15_000).records()) != .unreadable)
        // Small, but in as many records as it has bytes.
        #expect(parse(HelloBytes(padding: 3_000).records(of: 1)) == .unreadable)
        #expect(parse([22, 3, 1, 64, 0] + Array(repeating: 1, count: 16_384)) == .unreadable)
    }

    @Test(
        arguments: [
            [0], [0x16, 2, 0, 0, 1], [0x16, 3, 1, 0, 0], [0x16, 3, 1, 0x40, 1], [0x16, 3, 1, 0, 4, 2, 0, 0, 0],
            [0x17, 3, 3, 0, 1, 0], [0x16, 3, 1, 0, 1, 1, 0x15, 3, 1, 0, 2, 2, 40], Array("GET / HTTP/1.1\r\n\r\n".utf8),
        ] as [[UInt8]]
    )
    func `what is no ClientHello is left to others`(bytes: [UInt8]) {
        #expect(parse(bytes) == .unreadable)
    }

    @Test func `lengths that lead beyond the message are faults`() {
        let bytes = HelloBytes(serverName: "shop.test", signatureSchemes: [Self.ecdsa], versions: [0x0304]).records()
        for index in 9..<bytes.count {
            var damaged = bytes
            damaged[index] = 0xFF
            #expect(parse(damaged) != .needsMore)
        }
    }
}
