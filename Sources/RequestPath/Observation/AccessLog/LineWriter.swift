internal import Exchange
internal import NIOCore

/// How a value is written so that it can't be taken for the line's own text.
enum LogEscaping: Sendable {
    /// As the inside of a JSON string.
    case json
    /// Quotes, backslashes and bytes outside of printable ASCII as `\xHH`.
    case text
}

/// Writes one line into memory that is at hand.
///
/// A `ByteBuffer` checks for exclusive access and for room at each write, and a line has some fifty of them; this one
/// asks for the memory once. What does not fit is left out and marks the line, which is then written anew elsewhere.
///
/// Invariant that makes the pointers safe: `count` never exceeds `memory.count`, and a writer never outlives the closure
/// that lends it its memory (it is only passed down `inout`).
@safe struct LineWriter: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer
    /// The bytes written.
    private(set) var count = 0
    /// Whether all that was written had room.
    private(set) var fits = true

    init(_ memory: UnsafeMutableRawBufferPointer) { unsafe self.memory = unsafe memory }

    /// Writes text of the format itself.
    @inline(__always)
    mutating func write(_ text: StaticString) {
        unsafe append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes bytes as they are.
    @inline(__always)
    mutating func write(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    /// Writes bytes as they are.
    @inline(__always)
    mutating func write(_ bytes: Span<UInt8>) { unsafe write(bytes.bytes) }

    /// Writes one byte.
    @inline(__always)
    mutating func write(_ byte: UInt8) {
        guard unsafe count < memory.count else { return fits = false }
        unsafe memory[count] = byte
        count += 1
    }

    /// Writes a word's bytes, the lowest first, as many as are asked for.
    @inline(__always)
    private mutating func write(_ word: UInt64, count length: Int) {
        // Stores all eight and lets the next write cover those that are not wanted.
        guard unsafe memory.count - count >= 8 else { return fits = false }
        unsafe memory.storeBytes(of: word.littleEndian, toByteOffset: count, as: UInt64.self)
        count += length
    }

    @inline(__always)
    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard unsafe bytes.count <= memory.count - count else { return fits = false }
        guard let source = bytes.baseAddress, let target = unsafe memory.baseAddress else { return }
        unsafe (target + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }
}

// Values
extension LineWriter {
    /// Writes a value that a client may have chosen.
    mutating func write(_ value: Span<UInt8>, escaping: LogEscaping) {
        if value.isPlain {
            write(value)
        } else if escaping == .json {
            var escaped = ByteBuffer()
            escaped.writeJSONEscaped(value)
            write(escaped.readableBytesSpan)
        } else {
            writeHexEscaped(value)
        }
    }

    /// Writes a part of a head; nothing when it does not stand there (the head of a malformed request).
    mutating func write(_ range: ByteRange, of head: Span<UInt8>, escaping: LogEscaping) {
        guard range.end <= head.count else { return }
        write(head.extracting(range.range), escaping: escaping)
    }

    private mutating func writeHexEscaped(_ value: Span<UInt8>) {
        for index in 0..<value.count {
            let byte = value[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0..<0x20, 0x7F...:
                write("\\x")
                writeHexDigit(byte >> 4)
                writeHexDigit(byte & 15)
            default: write(byte)
            }
        }
    }

    private mutating func writeHexDigit(_ digit: UInt8) {
        write(digit < 10 ? digit + UInt8(ascii: "0") : digit - 10 + UInt8(ascii: "a"))
    }

    /// Writes a number that is never negative in decimal digits.
    mutating func write(_ number: Int) { write(UInt64(clamping: number)) }

    /// Writes a number in decimal digits.
    mutating func write(_ number: UInt64) {
        guard number < 100_000_000 else {
            write(number / 100_000_000)
            return write(Self.digits(number % 100_000_000, count: 8), count: 8)
        }
        var length = 1
        var bound: UInt64 = 10
        while number >= bound {
            length += 1
            bound *= 10
        }
        write(Self.digits(number, count: length), count: length)
    }

    /// Writes nanoseconds as milliseconds with three decimals.
    mutating func writeMilliseconds(_ nanoseconds: UInt64) {
        let microseconds = nanoseconds / 1_000
        write(microseconds / 1_000)
        writeThousandths(microseconds % 1_000)
    }

    /// Writes `.` and three digits.
    mutating func writeThousandths(_ number: UInt64) {
        write(Self.digits(number, count: 3) << 8 | UInt64(UInt8(ascii: ".")), count: 4)
    }

    /// The last digits of a number, the first of them lowest.
    @inline(__always)
    private static func digits(_ number: UInt64, count: Int) -> UInt64 {
        var word: UInt64 = 0
        var rest = number
        for _ in 0..<count {
            word = word << 8 | (rest % 10 + UInt64(UInt8(ascii: "0")))
            rest /= 10
        }
        return word
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
