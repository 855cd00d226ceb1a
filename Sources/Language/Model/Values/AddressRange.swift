/// A block of IPv4 or IPv6 addresses in CIDR notation (RFC 4632, RFC 4291): `10.0.0.0/8`, `::1`.
public struct AddressRange: Sendable, Hashable {
    /// 4 or 16 bytes, with the bits after `prefixLength` cleared.
    public let bytes: [UInt8]
    /// Leading bits that count.
    public let prefixLength: Int

    /// Whether `address` (4 or 16 bytes in network order) lies in the block.
    public func contains(_ address: Span<UInt8>) -> Bool {
        guard address.count == bytes.count else { return false }
        for index in 0..<bytes.count {
            let kept = min(max(prefixLength - index * 8, 0), 8)
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> kept)
            if address[index] & mask != bytes[index] { return false }
        }
        return true
    }

    /// Reads a block or a single address.
    /// - Throws: a fault without location that says what is wrong.
    public init(_ text: String) throws(Fault) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else {
            throw Fault("expected an IPv4 or IPv6 address or CIDR block, as in 10.0.0.0/8", text: text)
        }
        let width = address.bytes.count * 8
        var length = width
        if parts.count == 2 {
            guard let value = Int(parts[1]), (0...width).contains(value) else {
                throw Fault("a prefix length lies between 0 and \(width)", text: text)
            }
            length = value
        }
        prefixLength = length
        bytes = address.bytes.enumerated().map { index, byte in
            let kept = min(max(length - index * 8, 0), 8)
            return byte & UInt8(truncatingIfNeeded: 0xFF00 >> kept)
        }
    }
}

/// A numeric address: 4 bytes (IPv4) or 16 (IPv6) in network order.
public struct IPAddress: Sendable, Hashable {
    /// 4 or 16 bytes.
    public let bytes: [UInt8]

    /// Reads `192.0.2.1` or `2001:db8::1` (RFC 4291, 2.2); `nil` when it is neither. No zone, no brackets.
    public init?(_ text: String) {
        guard let bytes = text.contains(":") ? Self.version6(text) : Self.version4(Substring(text)) else { return nil }
        self.bytes = bytes
    }

    private static func version4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
                part.utf8.count == 1 || part.utf8.first != 48, let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func version6(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2, let head = groups(halves[0], mayEndInVersion4: halves.count == 1) else { return nil }
        guard halves.count == 2 else { return head.count == 16 ? head : nil }
        guard let tail = groups(halves[1], mayEndInVersion4: true), head.count + tail.count <= 14 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: Substring, mayEndInVersion4: Bool) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.contains(".") {
                guard mayEndInVersion4, index == parts.count - 1, let last = version4(part) else { return nil }
                bytes += last
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.first != 43, let group = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
            }
        }
        return bytes
    }
}
