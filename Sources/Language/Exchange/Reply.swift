public import NIOCore

/// A whole answer made by the gateway: status, fields and a body that is at hand.
///
/// Framing, `Date`, `Connection` and the request id are added by the side that sends it.
public struct Reply: Sendable {
    /// 200…599.
    public var status: Int
    /// Header fields in order, without framing.
    public var fields: [ReplyField]
    /// The whole body.
    public var body: ByteBuffer
    /// What it says no to, for clients that are told in another way than HTTP's (gRPC); `nil` for other answers.
    public var refusal: Refusal?

    /// Makes a reply.
    public init(status: Int, fields: [ReplyField] = [], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

extension Reply {
    /// The JSON answer to a refused or failed request: `{"message":…,"cause":…,"request_id":…}`.
    public init(_ refusal: Refusal, requestID: RequestID) {
        var body = ByteBuffer()
        body.writeStaticString("{\"message\":")
        body.writeJSONString(refusal.message)
        body.writeStaticString(",\"cause\":")
        body.writeJSONString(refusal.cause.text)
        body.writeStaticString(",\"request_id\":\"")
        requestID.write(to: &body)
        body.writeStaticString("\"}\n")
        self.init(
            status: refusal.status,
            fields: [ReplyField("Content-Type", "application/json")] + refusal.fields,
            body: body
        )
        self.refusal = refusal
    }
}

extension ByteBuffer {
    /// Writes `text` as a JSON string with its quotes (RFC 8259, 7).
    public mutating func writeJSONString(_ text: String) {
        writeInteger(UInt8(ascii: "\""))
        writeJSONEscaped(text.utf8.span)
        writeInteger(UInt8(ascii: "\""))
    }

    /// Writes bytes as the inside of a JSON string. Bytes that are not UTF-8 become U+FFFD, one each.
    public mutating func writeJSONEscaped(_ bytes: Span<UInt8>) {
        var clean = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte < 0x7F {
                index += 1
                continue
            }
            let length = byte < 0x80 ? 0 : Self.scalarLength(bytes, at: index)
            if length > 0 {
                index += length
                continue
            }
            unsafe writeBytes(bytes.extracting(clean..<index).bytes)
            writeJSONEscape(byte)
            index += 1
            clean = index
        }
        unsafe writeBytes(bytes.extracting(clean..<bytes.count).bytes)
    }

    private mutating func writeJSONEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): writeStaticString("\\\"")
        case UInt8(ascii: "\\"): writeStaticString("\\\\")
        case 0x0A: writeStaticString("\\n")
        case 0x0D: writeStaticString("\\r")
        case 0x09: writeStaticString("\\t")
        case 0x80...: writeStaticString("\\ufffd")
        default:
            writeStaticString("\\u00")
            writeHexByte(byte)
        }
    }

    /// Writes a byte as two lower-case hex digits.
    @inlinable
    public mutating func writeHexByte(_ byte: UInt8) {
        let digit = { (nibble: UInt8) in nibble < 10 ? nibble + 48 : nibble + 87 }
        writeInteger(UInt16(digit(byte >> 4)) << 8 | UInt16(digit(byte & 15)))
    }

    /// The length of a well-formed UTF-8 sequence of two to four bytes (RFC 3629), 0 when it is not one.
    private static func scalarLength(_ bytes: Span<UInt8>, at start: Int) -> Int {
        let length: Int
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xBF
        switch bytes[start] {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, lowest) = (3, 0xA0)
        case 0xED: (length, highest) = (3, 0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, lowest) = (4, 0x90)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, highest) = (4, 0x8F)
        default: return 0
        }
        guard start + length <= bytes.count, (lowest...highest).contains(bytes[start + 1]) else { return 0 }
        for offset in 2..<max(length, 2) where bytes[start + offset] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// Writes a number in decimal digits without allocating.
    @inlinable
    public mutating func writeDecimal(_ value: Int) {
        if value < 0 {
            writeInteger(UInt8(ascii: "-"))
            return writeDecimal(value.magnitude)
        }
        writeDecimal(value.magnitude)
    }

    /// Writes a number in decimal digits without allocating.
    @inlinable
    public mutating func writeDecimal(_ value: UInt) {
        value.withDecimalDigits { _ = writeBytes($0) }
    }
}

extension UInt {
    /// Gives the number's decimal digits to `body`, without allocating.
    @inlinable
    public func withDecimalDigits(_ body: (RawSpan) -> Void) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = self
        var start = 20
        repeat {
            start -= 1
            digits[start] = UInt8(truncatingIfNeeded: rest % 10) + 48
            rest /= 10
        } while rest > 0
        unsafe body(digits.span.extracting(start..<20).bytes)
    }
}
