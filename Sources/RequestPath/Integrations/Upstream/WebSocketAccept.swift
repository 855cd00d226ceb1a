internal import Crypto
import Exchange
import NIOCore

/// What a server proves with that it has understood a WebSocket handshake (RFC 6455, 4.2.2): a hash of the client's key, in base64.
enum WebSocketAccept {
    private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    static func value(forKey key: ByteBuffer) -> ByteBuffer {
        let digest = Array(Insecure.SHA1.hash(data: Array(key.readableBytesView) + suffix.utf8))
        var text = ByteBuffer()
        // 20 bytes: six groups of three, and one of two.
        for start in stride(from: 0, to: digest.count, by: 3) {
            let group = digest[start..<min(start + 3, digest.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for position in 0..<4 {
                let isPadding = position > group.count
                text.writeInteger(isPadding ? UInt8(ascii: "=") : digit(bits >> (18 - 6 * position) & 63))
            }
        }
        return text
    }

    private static func digit(_ value: Int) -> UInt8 {
        switch UInt8(value) {
        case let value where value < 26: value + UInt8(ascii: "A")
        case let value where value < 52: value - 26 + UInt8(ascii: "a")
        case let value where value < 62: value - 52 + UInt8(ascii: "0")
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}
