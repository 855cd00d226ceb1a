import NIOCore
import Wire

/// What holds for any bytes as a PROXY protocol header.
/// - It makes no difference in which pieces it comes: every shorter beginning is incomplete or has the same outcome.
/// - What is accepted means the same when it is written anew, in either version.
/// - Version 1 is accepted exactly where the reference accepts it.
enum ProxyHeaderProperty {
    static func check(_ input: [UInt8]) throws(Violation) {
        let whole = outcome(input)
        for count in 0..<min(input.count, 320) {
            let part = outcome(Array(input[..<count]))
            switch (part, whole) {
            case (.success(.incomplete), _): continue
            // A fault further on is seen first when everything comes at once.
            case (.failure, .failure): continue
            default: try hold(part == whole, "\(whole), but \(part) of the first \(count) bytes")
            }
        }
        if input.first == UInt8(ascii: "P") { try checkReference(input, whole) }
        guard case .success(.complete(let header, let length)) = whole else { return }
        try hold(length > 0 && length <= input.count, "\(length) bytes of \(input.count)")
        try hold(outcome(Array(input[..<length])) == whole, "\(whole) without what follows")
        for written in [binary(header), text(header)] {
            let again = outcome(written)
            try hold(again == .success(.complete(header, length: written.count)), "\(header) written anew is \(again)")
        }
    }

    private typealias Outcome = Result<ProxyHeader.Progress, ProxyHeaderFault>

    private static func outcome(_ bytes: [UInt8]) -> Outcome {
        do throws(ProxyHeaderFault) {
            return .success(try ProxyHeader.parse(bytes.span))
        } catch {
            return .failure(error)
        }
    }

    private static func checkReference(_ input: [UInt8], _ whole: Outcome) throws(Violation) {
        let line = ReferenceProxyLine(input)
        switch whole {
        case .success(.complete(let header, let length)):
            try hold(line?.length == length, "\(whole), by the reference \(String(describing: line))")
            try hold(line?.words == words(header), "\(whole), by the reference \(String(describing: line))")
        default: try hold(line == nil, "\(whole), by the reference \(String(describing: line))")
        }
    }

    private static func words(_ header: ProxyHeader) -> [String]? {
        guard case .client(let source, let destination) = header else { return [] }
        return [source, destination].map { "\($0.ipAddress ?? "") \($0.port ?? -1)" }
    }

    private static func text(_ header: ProxyHeader) -> [UInt8] {
        guard case .client(let source, let destination) = header else { return Array("PROXY UNKNOWN\r\n".utf8) }
        let family = source.protocol == .inet ? "TCP4" : "TCP6"
        let addresses = "\(source.ipAddress ?? "") \(destination.ipAddress ?? "")"
        return Array("PROXY \(family) \(addresses) \(source.port ?? 0) \(destination.port ?? 0)\r\n".utf8)
    }

    private static func binary(_ header: ProxyHeader) -> [UInt8] {
        var written = ByteBuffer(bytes: [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A])
        guard case .client(let source, let destination) = header else {
            written.writeBytes([0x20, 0x00, 0x00, 0x00])
            return Array(buffer: written)
        }
        let isVersion4 = source.protocol == .inet
        written.writeBytes([0x21, isVersion4 ? 0x11 : 0x21, 0x00, isVersion4 ? 12 : 36])
        for address in [source, destination] { written.writeBytes(packed(address)) }
        for address in [source, destination] { written.writeInteger(UInt16(address.port ?? 0)) }
        return Array(buffer: written)
    }

    /// The bytes of an address, taken from the text that the system writes.
    private static func packed(_ address: SocketAddress) -> [UInt8] {
        let text = address.ipAddress ?? ""
        if address.protocol == .inet { return text.split(separator: ".").map { UInt8($0) ?? 0 } }
        var groups = text.components(around: "::")
        if groups.count == 2 {
            let missing = 8 - groups[0].count - groups[1].count
            groups = [groups[0] + Array(repeating: 0, count: max(missing, 0)) + groups[1]]
        }
        return groups[0].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }
}

extension String {
    /// The 16-bit groups of an IPv6 address on both sides of `::`, a dotted end included.
    fileprivate func components(around gap: String) -> [[UInt16]] {
        split(separator: gap, omittingEmptySubsequences: false).map { side in
            side.split(separator: ":").flatMap { group -> [UInt16] in
                let bytes = group.split(separator: ".").compactMap { UInt16($0) }
                guard group.contains(".") else { return [UInt16(group, radix: 16) ?? 0] }
                return bytes.count == 4 ? [bytes[0] << 8 | bytes[1], bytes[2] << 8 | bytes[3]] : []
            }
        }
    }
}
