import Exchange
import NIOCore

/// A head taken apart the slow and obvious way, to compare the codec with: find the empty line, split, trim. It knows
/// no limits, and says `nil` for whatever is not a whole and valid head.
struct ReferenceHead {
    let firstLine: [UInt8]
    let fields: [FieldLine]
    let length: Int

    init?(_ bytes: [UInt8], mayStartWithEmptyLine: Bool) {
        let start = mayStartWithEmptyLine && bytes.starts(with: Self.lineEnd) ? 2 : 0
        guard let end = Self.firstIndex(of: Self.lineEnd + Self.lineEnd, in: bytes, from: start) else { return nil }
        var lines: [[UInt8]] = []
        var index = start
        while index <= end, let next = Self.firstIndex(of: Self.lineEnd, in: bytes, from: index) {
            lines.append(Array(bytes[index..<next]))
            index = next + 2
        }
        for line in lines where line.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) { return nil }
        guard let fields = Self.fields(lines.dropFirst()) else { return nil }
        firstLine = lines[0]
        self.fields = fields
        length = end + 4
    }

    static let lineEnd = Array("\r\n".utf8)
    private static let tokenCharacters = Set(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8
    )

    static func isToken(_ bytes: some Sequence<UInt8>) -> Bool {
        var isEmpty = true
        for byte in bytes {
            guard tokenCharacters.contains(byte) else { return false }
            isEmpty = false
        }
        return !isEmpty
    }

    static func fields(_ lines: some Sequence<[UInt8]>) -> [FieldLine]? {
        var fields: [FieldLine] = []
        for line in lines {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), isToken(line[..<colon]) else { return nil }
            let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
            var value = line[(colon + 1)...].drop(while: isSpace)
            while let last = value.last, isSpace(last) { value.removeLast() }
            fields.append(FieldLine(name: Array(line[..<colon]), value: Array(value)))
        }
        return fields
    }

    static func firstIndex(of pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + pattern.count <= bytes.count {
            if bytes[index] == pattern[0], bytes[index...].starts(with: pattern) { return index }
            index += 1
        }
        return nil
    }

    /// The values of the fields with this name.
    func values(_ name: String) -> [[UInt8]] { fields.filter { $0.key == name }.map(\.value) }

    /// Whether the connection stays open, as far as the fields say.
    func keepsAlive(_ version: HTTPVersion) -> Bool {
        let options = values("connection").flatMap { value in
            String(decoding: value, as: UTF8.self).lowercased().split(separator: ",")
                .map { option in option.trimming { $0 == " " || $0 == "\t" } }
        }
        return !options.contains("close") && (version == .http11 || options.contains("keep-alive"))
    }

    /// What the framing fields say, `.none` without any; `nil` when they are at fault.
    func framing(_ version: HTTPVersion) -> BodyFraming? {
        let lengths = values("content-length")
        let codings = values("transfer-encoding")
        if codings.isEmpty, lengths.isEmpty { return BodyFraming.none }
        guard lengths.count + codings.count == 1 else { return nil }
        if let coding = codings.first {
            let isChunked = String(decoding: coding, as: UTF8.self).lowercased() == "chunked"
            return isChunked && version == .http11 ? .chunked : nil
        }
        let digits = lengths[0]
        guard (1...18).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self)).map { .length($0) }
    }

    static func version(_ text: some Sequence<UInt8>) -> HTTPVersion? {
        switch String(decoding: Array(text), as: UTF8.self) {
        case "HTTP/1.1": .http11
        case "HTTP/1.0": .http10
        default: nil
        }
    }
}

/// `uri-host [":" port]`, with the system's parser for IPv6 addresses.
func isReferenceAuthority(_ bytes: [UInt8]) -> Bool {
    guard bytes.allSatisfy({ $0 < 0x80 }) else { return false }
    var host = String(decoding: bytes, as: UTF8.self)
    let afterAddress = host.lastIndex(of: "]").map { host.index(after: $0) } ?? host.startIndex
    if let colon = host[afterAddress...].firstIndex(of: ":") {
        let port = host[host.index(after: colon)...]
        guard port.allSatisfy({ "0123456789".contains($0) }), port.isEmpty || (Double(port) ?? .infinity) <= 65_535
        else { return false }
        host = String(host[..<colon])
    }
    if host.hasPrefix("["), host.hasSuffix("]") {
        let address = host.dropFirst().dropLast()
        guard address.allSatisfy({ "0123456789abcdefABCDEF:.".contains($0) }) else { return false }
        return (try? SocketAddress(ipAddress: String(address), port: 0))?.protocol == .inet6
    }
    return ReferenceHead.isToken(host.utf8) && !host.contains { "!#$%&'*+^`|".contains($0) }
}
