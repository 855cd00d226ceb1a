internal import Exchange
internal import NIOCore

/// How a value is written so that it can't be taken for the line's own text.
enum LogEscaping: Sendable {
    /// As the inside of a JSON string.
    case json
    /// Quotes, backslashes and bytes outside of printable ASCII as `\xHH`.
    case text
}

extension ByteBuffer {
    /// Writes a value that a client may have chosen.
    mutating func writeLogged(_ bytes: Span<UInt8>, escaping: LogEscaping) {
        if bytes.isPlain {
            unsafe writeBytes(bytes.bytes)
        } else if escaping == .json {
            writeJSONEscaped(bytes)
        } else {
            writeHexEscaped(bytes)
        }
    }

    /// Writes a part of a head; nothing when it does not stand in `source` (the head of a malformed request).
    mutating func writeLogged(_ range: ByteRange, of source: ByteBuffer, escaping: LogEscaping) {
        guard range.end <= source.readableBytes else { return }
        writeLogged(source.readableBytesUInt8Span.extracting(range.range), escaping: escaping)
    }

    private mutating func writeHexEscaped(_ bytes: Span<UInt8>) {
        for index in 0..<bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0..<0x20, 0x7F...:
                writeStaticString("\\x")
                writeHexByte(byte)
            default: writeInteger(byte)
            }
        }
    }

    /// Writes nanoseconds as milliseconds with three decimals.
    mutating func writeMilliseconds(nanoseconds: UInt64) {
        let microseconds = UInt(nanoseconds / 1_000)
        writeDecimal(microseconds / 1_000)
        writeThousandths(UInt64(microseconds % 1_000))
    }
}

extension Span<UInt8> {
    /// Whether every byte is printable ASCII other than `"` and `\`, so that it needs no escape of any kind.
    var isPlain: Bool {
        guard count >= 8 else {
            for index in 0..<count where !Self.isPlain(self[index]) { return false }
            return true
        }
        var found: UInt64 = 0
        var index = 0
        while index < count - 8 {
            found |= specials(at: index)
            index += 8
        }
        return (found | specials(at: count - 8)) == 0
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Looks at eight bytes at once; not 0 when one of them needs an escape. A lane's borrow may mark its neighbour
    /// too, but only after a lane that is rightly marked.
    @inline(__always)
    private func specials(at offset: Int) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let delete = word ^ (ones &* 0x7F)
        let below = (word &- ones &* 0x20) & ~word
        let equal = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((delete &- ones) & ~delete)
        return (below | equal | word) & (ones &* 0x80)
    }
}
