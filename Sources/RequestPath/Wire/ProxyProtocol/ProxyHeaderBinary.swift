import NIOCore

/// Version 2: a signature, a command, and addresses in network order, with extensions that the gateway passes over.
enum ProxyHeaderBinary {
    private static let signature: InlineArray<12, UInt8> = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    /// The signature, version and command, family and transport, and the length of what follows.
    private static let fixedLength = 16

    private enum Command: UInt8 {
        case local = 0x20
        case proxy = 0x21
    }

    /// Family in the high half, transport in the low one.
    private enum Family: UInt8 {
        case unspecified = 0x00
        case tcp4 = 0x11
        case udp4 = 0x12
        case tcp6 = 0x21
        case udp6 = 0x22
        case unixStream = 0x31
        case unixDatagram = 0x32

        /// What the two addresses and ports take.
        var addressLength: Int {
            switch self {
            case .unspecified: 0
            case .tcp4, .udp4: 12
            case .tcp6, .udp6: 36
            case .unixStream, .unixDatagram: 216
            }
        }
    }

    static func parse(_ bytes: Span<UInt8>) throws(ProxyHeaderFault) -> ProxyHeader.Progress {
        for index in 0..<min(bytes.count, signature.count) where bytes[index] != signature[index] { throw .missing }
        guard bytes.count >= fixedLength else { return .incomplete }
        guard let command = Command(rawValue: bytes[12]) else { throw .command }
        let length = fixedLength + Int(number16(bytes, at: 14))
        guard length <= ProxyHeader.maximumLength else { throw .length }
        // A check of the proxy's own: whatever else it says is void, the family included.
        let family = command == .local ? .unspecified : Family(rawValue: bytes[13])
        guard let family else { throw .family }
        guard length >= fixedLength + family.addressLength else { throw .length }
        guard bytes.count >= length else { return .incomplete }
        switch family {
        case .tcp4, .tcp6:
            let size = family == .tcp4 ? 4 : 16
            let ports = fixedLength + 2 * size
            try checkExtensions(bytes, from: ports + 4, to: length)
            let header = ProxyHeader.client(
                source: try address(bytes, at: fixedLength, size: size, portAt: ports),
                destination: try address(bytes, at: fixedLength + size, size: size, portAt: ports + 2)
            )
            return .complete(header, length: length)
        // No address that a client of TCP could have.
        case .unspecified, .udp4, .udp6, .unixStream, .unixDatagram: return .complete(.socket, length: length)
        }
    }

    /// Extensions have a type, a length and a value, and end where the header ends.
    private static func checkExtensions(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(ProxyHeaderFault) {
        var index = start
        while index < end {
            guard index + 3 <= end else { throw .length }
            index += 3 + Int(number16(bytes, at: index + 1))
        }
        guard index == end else { throw .length }
    }

    private static func address(
        _ bytes: Span<UInt8>,
        at start: Int,
        size: Int,
        portAt: Int
    ) throws(ProxyHeaderFault) -> SocketAddress {
        var packed = ByteBuffer()
        for index in start..<start + size { packed.writeInteger(bytes[index]) }
        guard
            let address = try? SocketAddress(packedIPAddress: packed, port: Int(number16(bytes, at: portAt)))
        else { throw .address }
        return address
    }

    private static func number16(_ bytes: Span<UInt8>, at index: Int) -> UInt16 {
        UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
    }
}
