import NIOCore

/// A PROXY protocol line, version 1, read in the plainest way: as text, cut at its end and at its blanks.
struct ReferenceProxyLine {
    /// With its end.
    let length: Int
    /// Address and port of client and server; empty where the line says nothing of them.
    let words: [String]

    /// `nil` when it is none, or not a whole one.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: 0x0A), end < 107, end > 0, bytes[end - 1] == 0x0D else { return nil }
        length = end + 1
        let line = String(decoding: bytes[..<(end - 1)], as: UTF8.self)
        let parts = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, parts[0] == "PROXY" else { return nil }
        if parts[1] == "UNKNOWN" {
            words = []
            return
        }
        guard parts.count == 6, parts[1] == "TCP4" || parts[1] == "TCP6" else { return nil }
        var words: [String] = []
        for (address, port) in [(parts[2], parts[4]), (parts[3], parts[5])] {
            guard let number = UInt16(port), String(number) == port, Self.isNumeric(address, of: parts[1]),
                let parsed = try? SocketAddress(ipAddress: address, port: Int(number))
            else { return nil }
            words.append("\(parsed.ipAddress ?? "") \(number)")
        }
        self.words = words
    }

    private static func isNumeric(_ address: String, of family: String) -> Bool {
        // The system's parser stops at a zero byte, and takes what comes before it.
        if address.utf8.contains(0) { return false }
        if family == "TCP6" { return address.contains(":") && !address.contains("%") }
        let bytes = address.split(separator: ".", omittingEmptySubsequences: false)
        return bytes.count == 4 && bytes.allSatisfy { byte in UInt8(byte).map { String($0) == byte } ?? false }
    }
}
