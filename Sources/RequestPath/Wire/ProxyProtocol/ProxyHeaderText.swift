import NIOCore

/// Version 1: one line, `PROXY TCP4 192.0.2.1 198.51.100.1 51000 443`.
enum ProxyHeaderText {
    /// With the line's end.
    private static let maximumLength = 107

    static func parse(_ bytes: Span<UInt8>) throws(ProxyHeaderFault) -> ProxyHeader.Progress {
        guard startsRight(bytes) else { throw .missing }
        let searched = min(bytes.count, maximumLength)
        var end = 0
        while end < searched, bytes[end] != Characters.lf { end += 1 }
        guard end < searched else {
            if searched == maximumLength { throw .lineTooLong }
            return .incomplete
        }
        guard bytes[end - 1] == Characters.cr else { throw .line }
        return .complete(try header(words(of: bytes, upTo: end - 1)), length: end + 1)
    }

    /// Whether the bytes at hand may become a header.
    private static func startsRight(_ bytes: Span<UInt8>) -> Bool {
        let expected: StaticString = "PROXY "
        let count = min(bytes.count, expected.utf8CodeUnitCount)
        return expected.withUTF8Buffer { expected in
            for index in 0..<count where unsafe bytes[index] != expected[index] { return false }
            return true
        }
    }

    /// What stands between single blanks.
    private static func words(of bytes: Span<UInt8>, upTo end: Int) -> [String] {
        var words: [[UInt8]] = [[]]
        for index in 0..<end {
            let byte = bytes[index]
            if byte == Characters.space { words.append([]) } else { words[words.count - 1].append(byte) }
        }
        return words.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func header(_ words: [String]) throws(ProxyHeaderFault) -> ProxyHeader {
        let family = words[1]
        // What stands behind UNKNOWN is for nobody.
        if family == "UNKNOWN" { return .socket }
        guard family == "TCP4" || family == "TCP6", words.count == 6 else { throw .line }
        let isVersion6 = family == "TCP6"
        return .client(
            source: try address(words[2], port: words[4], isVersion6: isVersion6),
            destination: try address(words[3], port: words[5], isVersion6: isVersion6)
        )
    }

    private static func address(
        _ text: String,
        port: String,
        isVersion6: Bool
    ) throws(ProxyHeaderFault) -> SocketAddress {
        let number = try number(port)
        guard text.utf8.allSatisfy(mayStandInAddress), text.contains(":") == isVersion6,
            let address = try? SocketAddress(ipAddress: text, port: number)
        else { throw .address }
        return address
    }

    /// Only what is numeric; neither a name nor a zone.
    private static func mayStandInAddress(_ byte: UInt8) -> Bool {
        Characters.hexValue(byte) != nil || byte == Characters.colon || byte == UInt8(ascii: ".")
    }

    /// Decimal, without sign or leading zeros.
    private static func number(_ text: String) throws(ProxyHeaderFault) -> Int {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy(Characters.isDigit),
            text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0"), let number = Int(text), number <= 65_535
        else { throw .port }
        return number
    }
}
