/// The character classes of RFC 9110 and RFC 3986, as bit sets: a test is a shift, without a table in memory.
enum Characters {
    static let cr = UInt8(ascii: "\r")
    static let lf = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
    static let colon = UInt8(ascii: ":")

    // Bit n of the low word stands for byte n, of the high word for byte n + 64.
    private static let tokenLow: UInt64 = 0x03FF_6CFA_0000_0000
    private static let tokenHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE

    /// `tchar` (RFC 9110, 5.6.2).
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        byte < 128 && ((byte < 64 ? tokenLow : tokenHigh) >> UInt64(byte & 63)) & 1 == 1
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

    /// What may stand in a host name or IPv4 address here: letters, digits and `-._~`.
    static func isHostName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// The value of a hex digit, or `nil`.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
        default: nil
        }
    }
}

/// Searches that look at eight bytes at a time. A borrow may hide behind a hit, never before it, so the lowest hit is
/// exact.
enum Scan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The first byte from `start` on that may not stand in a field value: a control other than HTAB. `span.count` if
    /// there is none.
    @inline(__always)
    static func endOfFieldValue(_ span: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while true {
            index = firstControl(span, from: index)
            guard index < span.count, span[index] == Characters.tab else { return index }
            index += 1
        }
    }

    /// The first byte from `start` on below 0x20 or equal to 0x7F.
    @inline(__always)
    static func firstControl(_ span: Span<UInt8>, from start: Int) -> Int {
        let count = span.count
        var index = pastText(span, from: start)
        while index + 8 <= count {
            let word = word(span, at: index)
            let low = (word &- ones &* 0x20) & ~word
            let delete = word ^ (ones &* 0x7F)
            let hit = (low | ((delete &- ones) & ~delete)) & highs
            if hit != 0 { return index + hit.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count, span[index] >= 0x20, span[index] != 0x7F { index += 1 }
        return index
    }

    /// Passes over 32 bytes at a time that are all in 0x20…0x7E, which a token's value has many of. What else stands there, or might, is
    /// left to an exact search.
    @inline(__always)
    private static func pastText(_ span: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index + 32 <= span.count {
            let others =
                mayBeOther(word(span, at: index)) | mayBeOther(word(span, at: index + 8))
                | mayBeOther(word(span, at: index + 16)) | mayBeOther(word(span, at: index + 24))
            if others & highs != 0 { break }
            index += 32
        }
        return index
    }

    /// The high bit is set for each byte outside of 0x20…0x7E, and perhaps for a neighbour of one.
    @inline(__always)
    private static func mayBeOther(_ word: UInt64) -> UInt64 { (word &- ones &* 0x20) | (word &+ ones) }

    /// The first byte from `start` on that may not stand in a request target: not 0x21…0x7E.
    @inline(__always)
    static func endOfTarget(_ span: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let count = span.count
        while index + 8 <= count {
            let word = word(span, at: index)
            let low = (word &- ones &* 0x21) & ~word
            let delete = word ^ (ones &* 0x7F)
            let hit = (low | ((delete &- ones) & ~delete) | word) & highs
            if hit != 0 { return index + hit.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count, span[index] > 0x20, span[index] < 0x7F { index += 1 }
        return index
    }

    @inline(__always)
    private static func word(_ span: Span<UInt8>, at index: Int) -> UInt64 {
        UInt64(littleEndian: unsafe span.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// Whether an empty line ends somewhere from `start` on: LF LF or LF CR LF, so that a wrong line end is found out
    /// too.
    static func hasEmptyLine(_ span: Span<UInt8>, from start: Int) -> Bool {
        var index = start
        while index < span.count {
            if span[index] == Characters.lf {
                if index + 1 < span.count, span[index + 1] == Characters.lf { return true }
                if index + 2 < span.count, span[index + 1] == Characters.cr, span[index + 2] == Characters.lf {
                    return true
                }
            }
            index += 1
        }
        return false
    }

    /// Whether `span[range]` is `text`, in the same case.
    static func isExactly(_ span: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            for index in 0..<range.count where unsafe span[range.lowerBound + index] != expected[index] {
                return false
            }
            return true
        }
    }

    /// Whether `span[range]` is `text` in any case; `text` is given in lower case.
    static func equals(_ span: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            for index in 0..<range.count where unsafe lowercased(span[range.lowerBound + index]) != expected[index] {
                return false
            }
            return true
        }
    }

    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}
