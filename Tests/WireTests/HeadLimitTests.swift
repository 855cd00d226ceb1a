import Testing
import Wire
import WireProperties

@Suite struct HeadLimitTests {
    private let limits = HeadLimits(lineBytes: 40, headBytes: 120, fieldCount: 5)

    /// Whether a head comes at once, in two pieces, or byte by byte.
    private static let pieces = [[], [30], [41], [42], Array(repeating: 1, count: 300)]

    @Test(arguments: pieces)
    func `a request line may have as many bytes as the limit says`(pieces: [Int]) throws {
        #expect(try read(line(of: 40) + "\r\nHost: h\r\n\r\n", pieces) == nil)
        #expect(try read(line(of: 41) + "\r\nHost: h\r\n\r\n", pieces) == .requestLineTooLong)
        #expect(try read("\r\n" + line(of: 40) + "\r\nHost: h\r\n\r\n", pieces) == nil)
        #expect(try read("\r\n" + line(of: 41) + "\r\nHost: h\r\n\r\n", pieces) == .requestLineTooLong)
    }

    @Test(arguments: pieces)
    func `an endless request line is refused before it ends`(pieces: [Int]) throws {
        #expect(try read("GET /" + String(repeating: "a", count: 200), pieces) == .requestLineTooLong)
        #expect(try read(String(repeating: "A", count: 200), pieces) == .requestLineTooLong)
        #expect(try read("GET / HTTP/1.1\r\nA: " + String(repeating: "a", count: 200), pieces) == .headTooLarge)
        #expect(try read("GET / HTTP/1.1\r\n" + String(repeating: "a", count: 200), pieces) == .headTooLarge)
    }

    @Test(arguments: pieces)
    func `a head may have as many bytes as the limit says`(pieces: [Int]) throws {
        let start = "GET / HTTP/1.1\r\nHost: h\r\nA: "
        let fit = String(repeating: "a", count: 120 - start.utf8.count - 4)
        #expect(try read(start + fit + "\r\n\r\n", pieces) == nil)
        #expect(try read(start + fit + "a\r\n\r\n", pieces) == .headTooLarge)
    }

    @Test(arguments: pieces)
    func `a head may have as many fields as the limit says`(pieces: [Int]) throws {
        let start = "GET / HTTP/1.1\r\nHost: h\r\n"
        #expect(try read(start + "A:\r\nB:\r\nC:\r\nD:\r\n\r\n", pieces) == nil)
        #expect(try read(start + "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\n\r\n", pieces) == .tooManyFields)
    }

    @Test(arguments: pieces)
    func `a response is limited too`(pieces: [Int]) throws {
        let start = "HTTP/1.1 200 "
        let fit = String(repeating: "a", count: 120 - start.utf8.count - 4)
        #expect(try readResponse(start + fit + "\r\n\r\n", pieces) == nil)
        #expect(try readResponse(start + fit + "a\r\n\r\n", pieces) == .headTooLarge)
        #expect(try readResponse(start + "\r\nA:\r\nB:\r\nC:\r\nD:\r\nE:\r\n\r\n", pieces) == nil)
        #expect(try readResponse(start + "\r\nA:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\n\r\n", pieces) == .tooManyFields)
    }

    @Test func `options of Connection are limited, since each is compared with each field`() throws {
        func request(_ count: Int) -> [UInt8] {
            let value = String(repeating: "a", count: count / 2)
            return Array("GET / HTTP/1.1\r\nHost: h\r\nConnection: \(value)\r\nConnection: \(value)\r\n\r\n".utf8)
        }
        guard case .complete = try RequestMessage.read(request(1_024)) else {
            Issue.record("1,024 bytes are refused")
            return
        }
        #expect(try RequestMessage.read(request(1_026)) == .refused(.headTooLarge))
    }

    private func line(of count: Int) -> String { "GET /" + String(repeating: "a", count: count - 14) + " HTTP/1.1" }

    /// - Returns: the fault, `nil` when the head is accepted.
    private func read(_ text: String, _ pieces: [Int]) throws -> WireFault? {
        switch try RequestMessage.read(Array(text.utf8), inPiecesOf: pieces, limits: limits) {
        case .complete: nil
        case .refused(let fault): fault
        case .incomplete: throw NotAccepted(text: text)
        }
    }

    private func readResponse(_ text: String, _ pieces: [Int]) throws -> WireFault? {
        switch try ResponseMessage.read(Array(text.utf8), inPiecesOf: pieces, limits: limits) {
        case .complete: nil
        case .refused(let fault): fault
        case .incomplete: throw NotAccepted(text: text)
        }
    }
}
