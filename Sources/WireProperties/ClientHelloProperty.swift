import Wire

/// What holds for any bytes as the beginning of a TLS connection. The input's first byte says into records of how many
/// bytes a message is cut anew; the rest are the bytes.
/// - More bytes never change what was said of fewer, unless that was that more are needed.
/// - It makes no difference into which records a message is cut.
/// - A host's name is one, in lower case.
enum ClientHelloProperty {
    static func check(_ input: [UInt8]) throws(Violation) {
        let bytes = Array(input.dropFirst())
        let whole = ClientHelloParser.parse(bytes.span)
        for end in [0, 1, 5, 9, bytes.count / 2, bytes.count - 1] where (0..<bytes.count).contains(end) {
            let part = ClientHelloParser.parse(bytes.span.extracting(0..<end))
            try hold(part == .needsMore || part == whole, "\(part) of \(end) bytes, but \(whole) of \(bytes.count)")
        }
        guard case .hello(let hello) = whole else { return }
        if let name = hello.serverName {
            let isText = !name.isEmpty && name.utf8.allSatisfy { (0x2D...0x7E).contains($0) }
            try hold(isText && name == name.lowercased(), "a host named \(name)")
        }
        try checkCutAnew(bytes, whole, recordLength: 1 + Int(input.first ?? 0))
    }

    private static func checkCutAnew(
        _ bytes: [UInt8],
        _ whole: ClientHelloProgress,
        recordLength: Int
    ) throws(Violation) {
        let message = message(in: bytes)
        var cut: [UInt8] = []
        for start in stride(from: 0, to: message.count, by: recordLength) {
            let part = message[start..<min(start + recordLength, message.count)]
            cut += [22, 3, 1, UInt8(part.count >> 8), UInt8(part.count & 255)] + part
        }
        let again = ClientHelloParser.parse(cut.span)
        // The records' heads count, too.
        try hold(again == whole || cut.count > ClientHelloParser.mostBytes, "\(whole), cut anew \(again)")
    }

    /// The handshake message, taken out of records that were found sound.
    private static func message(in bytes: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        var offset = 0
        while offset + 5 <= bytes.count {
            let length = Int(bytes[offset + 3]) << 8 | Int(bytes[offset + 4])
            message += bytes[(offset + 5)..<min(offset + 5 + length, bytes.count)]
            offset += 5 + length
            guard message.count >= 4 else { continue }
            let whole = 4 + Int(message[1]) << 16 + Int(message[2]) << 8 + Int(message[3])
            if message.count >= whole { return Array(message.prefix(whole)) }
        }
        return message
    }
}
