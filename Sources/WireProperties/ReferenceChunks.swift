/// A chunked body decoded the slow and obvious way, to compare the codec with; `nil` for whatever is not a whole and
/// valid one.
struct ReferenceChunks {
    private(set) var content: [UInt8] = []
    private(set) var trailers: [UInt8]?
    private(set) var length = 0

    init?(_ bytes: [UInt8]) {
        while true {
            guard let lineEnd = ReferenceHead.firstIndex(of: ReferenceHead.lineEnd, in: bytes, from: length),
                let size = Self.size(bytes[length..<lineEnd])
            else { return nil }
            length = lineEnd + 2
            if size == 0 { break }
            guard bytes.count - length >= size + 2 else { return nil }
            content += bytes[length..<length + size]
            length += size
            guard bytes[length...].starts(with: ReferenceHead.lineEnd) else { return nil }
            length += 2
        }
        if bytes[length...].starts(with: ReferenceHead.lineEnd) {
            length += 2
            return
        }
        guard bytes[length...].first != 0x0D else { return nil }
        let emptyLine = ReferenceHead.lineEnd + ReferenceHead.lineEnd
        guard let end = ReferenceHead.firstIndex(of: emptyLine, in: bytes, from: length) else { return nil }
        let section = Array(bytes[length..<end + 4])
        for index in section.indices where section[index] == 0x0A && (index == 0 || section[index - 1] != 0x0D) {
            return nil
        }
        guard section.count <= 8_192 else { return nil }
        trailers = section
        length = end + 4
    }

    /// The lines of a trailer section that are passed on; `nil` when there are none or one of them is refused.
    static func passedTrailers(_ section: [UInt8]) -> [UInt8]? {
        guard let head = ReferenceHead(Array("first\r\n".utf8) + section, mayStartWithEmptyLine: false),
            head.fields.count <= 64, head.fields.allSatisfy({ !forbidden.contains($0.key) })
        else { return nil }
        return head.fields.flatMap { $0.name + Array(": ".utf8) + $0.value + ReferenceHead.lineEnd }
    }

    private static let forbidden: Set = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te", "trailer",
        "upgrade", "expect", "authorization", "proxy-authenticate", "proxy-authorization", "cookie", "content-type",
        "via", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
        "x-request-id", "traceparent", "idempotency-key", "origin",
    ]

    /// 1 to 16 hex digits, below 2^52, and an extension of at most 256 bytes.
    private static func size(_ line: ArraySlice<UInt8>) -> Int? {
        let parts = line.split(separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
        let digits = String(decoding: parts[0], as: UTF8.self)
        guard (1...16).contains(parts[0].count), digits.utf8.allSatisfy({ "0123456789abcdefABCDEF".utf8.contains($0) }),
            let size = Int(digits, radix: 16), size < 1 << 52
        else { return nil }
        guard parts.count == 2 else { return size }
        let isClean = parts[1].allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        return isClean && parts[1].count <= 256 ? size : nil
    }
}
