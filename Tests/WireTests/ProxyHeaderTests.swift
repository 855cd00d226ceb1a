import NIOCore
import Testing
import Wire

/// The PROXY protocol's headers, by HAProxy's specification.
struct ProxyHeaderTests {
    struct Case: CustomTestStringConvertible {
        var bytes: [UInt8]
        var outcome: Result<ProxyHeader, ProxyHeaderFault>
        var testDescription: String

        init(_ name: String, _ bytes: [UInt8], _ outcome: Result<ProxyHeader, ProxyHeaderFault>) {
            self.bytes = bytes
            self.outcome = outcome
            testDescription = name
        }

        init(line: String, _ outcome: Result<ProxyHeader, ProxyHeaderFault>) {
            self.init(line, Array((line + "\r\n").utf8), outcome)
        }
    }

    private static func client(_ source: String, _ destination: String, _ ports: (Int, Int)) -> ProxyHeader {
        guard let source = try? SocketAddress(ipAddress: source, port: ports.0),
            let destination = try? SocketAddress(ipAddress: destination, port: ports.1)
        else { return .socket }
        return .client(source: source, destination: destination)
    }

    /// A header of version 2.
    private static func binary(_ command: UInt8, _ family: UInt8, _ content: [UInt8], length: Int? = nil) -> [UInt8] {
        let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
        let length = length ?? content.count
        return signature + [command, family, UInt8(length >> 8), UInt8(length & 0xFF)] + content
    }

    private static let four: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 1, 0xC7, 0x38, 0x01, 0xBB]
    private static let six: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1] + Array(repeating: 0, count: 15)
        + [2, 0, 1, 0, 2]
    private static let clientOfFour = client("192.0.2.1", "198.51.100.1", (51_000, 443))
    private static let clientOfSix = client("2001:db8::1", "::2", (1, 2))

    static let lines = [
        Case(line: "PROXY TCP4 192.0.2.1 198.51.100.1 51000 443", .success(clientOfFour)),
        Case(line: "PROXY TCP6 2001:DB8::1 ::2 1 2", .success(clientOfSix)),
        Case(line: "PROXY TCP4 0.0.0.0 255.1.2.3 0 65535", .success(client("0.0.0.0", "255.1.2.3", (0, 65_535)))),
        Case(line: "PROXY UNKNOWN", .success(.socket)),
        Case(line: "PROXY UNKNOWN ffff::1 what so  ever", .success(.socket)),
        Case(line: "PROXY UNKNOWNS", .failure(.line)),
        Case(line: "PROXY TCP5 192.0.2.1 198.51.100.1 1 2", .failure(.line)),
        Case(line: "PROXY TCP4 192.0.2.1 198.51.100.1 1", .failure(.line)),
        Case(line: "PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3", .failure(.line)),
        Case(line: "PROXY TCP4  192.0.2.1 198.51.100.1 1 2", .failure(.line)),
        Case(line: "PROXY  TCP4 192.0.2.1 198.51.100.1 1 2", .failure(.line)),
        Case(line: "PROXY ", .failure(.line)),
        Case(line: "PROXY TCP4 192.0.2.1 198.51.100.1 1 65536", .failure(.port)),
        Case(line: "PROXY TCP4 192.0.2.1 198.51.100.1 01 2", .failure(.port)),
        Case(line: "PROXY TCP4 192.0.2.1 198.51.100.1 +1 2", .failure(.port)),
        Case(line: "PROXY TCP4 192.0.2.1 198.51.100.1 1 ", .failure(.port)),
        Case(line: "PROXY TCP4 192.0.2.01 198.51.100.1 1 2", .failure(.address)),
        Case(line: "PROXY TCP4 192.0.2.256 198.51.100.1 1 2", .failure(.address)),
        Case(line: "PROXY TCP4 192.0.2 198.51.100.1 1 2", .failure(.address)),
        Case(line: "PROXY TCP4 ::1 ::2 1 2", .failure(.address)),
        Case(line: "PROXY TCP6 192.0.2.1 198.51.100.1 1 2", .failure(.address)),
        Case(line: "PROXY TCP6 fe80::1%eth0 ::2 1 2", .failure(.address)),
        Case(line: "PROXY TCP6 localhost ::2 1 2", .failure(.address)),
        Case(line: "proxy TCP4 192.0.2.1 198.51.100.1 1 2", .failure(.missing)),
        Case(line: "GET / HTTP/1.1", .failure(.missing)),
        Case(line: "POST / HTTP/1.1", .failure(.missing)),
        Case("only LF", Array("PROXY UNKNOWN\n".utf8), .failure(.line)),
        Case(line: "PROXY UNKNOWN " + String(repeating: "x", count: 91), .success(.socket)),
        Case(line: "PROXY UNKNOWN " + String(repeating: "x", count: 92), .failure(.lineTooLong)),
    ]

    static let binaries = [
        Case("IPv4", binary(0x21, 0x11, four), .success(clientOfFour)),
        Case("IPv6", binary(0x21, 0x21, six), .success(clientOfSix)),
        Case("extensions", binary(0x21, 0x11, four + [3, 0, 4, 1, 2, 3, 4, 4, 0, 0]), .success(clientOfFour)),
        Case("an extension that is cut", binary(0x21, 0x11, four + [3, 0, 4, 1]), .failure(.length)),
        Case("an extension without length", binary(0x21, 0x11, four + [3, 0]), .failure(.length)),
        Case("LOCAL", binary(0x20, 0x11, four), .success(.socket)),
        Case("LOCAL of any family", binary(0x20, 0xFF, [1, 2, 3]), .success(.socket)),
        Case("UNSPEC", binary(0x21, 0x00, [1, 2, 3]), .success(.socket)),
        Case("UDP", binary(0x21, 0x12, four), .success(.socket)),
        Case("a Unix socket", binary(0x21, 0x31, Array(repeating: 97, count: 216)), .success(.socket)),
        Case("too few addresses", binary(0x21, 0x11, Array(four.dropLast())), .failure(.length)),
        Case("too few addresses of IPv6", binary(0x21, 0x21, four), .failure(.length)),
        Case("a family that is not assigned", binary(0x21, 0x41, four), .failure(.family)),
        Case("a transport that is not assigned", binary(0x21, 0x13, four), .failure(.family)),
        Case("another version", binary(0x11, 0x11, four), .failure(.command)),
        Case("another command", binary(0x22, 0x11, four), .failure(.command)),
        Case("more than is allowed", binary(0x21, 0x11, [], length: 8_177), .failure(.length)),
        Case("a broken signature", [0x0D, 0x0A, 0x0D, 0x0B], .failure(.missing)),
        Case("TLS", [0x16, 0x03, 0x01], .failure(.missing)),
    ]

    @Test(arguments: lines + binaries)
    func `a header says who the client is, or is refused`(_ example: Case) throws {
        let expected = example.outcome.map { ProxyHeader.Progress.complete($0, length: example.bytes.count) }
        #expect(Self.outcome(example.bytes + Array("GET /".utf8)) == expected)
    }

    @Test(arguments: lines + binaries)
    func `it makes no difference where a header is cut`(_ example: Case) throws {
        guard case .success(let header) = example.outcome else { return }
        for count in 0..<example.bytes.count {
            #expect(Self.outcome(Array(example.bytes.prefix(count))) == .success(.incomplete))
        }
        #expect(Self.outcome(example.bytes) == .success(.complete(header, length: example.bytes.count)))
    }

    @Test func `what can't become a header is refused with its first wrong byte`() {
        #expect(Self.outcome(Array("G".utf8)) == .failure(.missing))
        #expect(Self.outcome(Array("PROXZ".utf8)) == .failure(.missing))
        #expect(Self.outcome(Array("PROXY TCP4 ".utf8)) == .success(.incomplete))
        #expect(Self.outcome(Array(Self.binary(0x30, 0, []).prefix(16))) == .failure(.command))
    }

    private static func outcome(_ bytes: [UInt8]) -> Result<ProxyHeader.Progress, ProxyHeaderFault> {
        do throws(ProxyHeaderFault) {
            return .success(try ProxyHeader.parse(bytes.span))
        } catch {
            return .failure(error)
        }
    }
}
