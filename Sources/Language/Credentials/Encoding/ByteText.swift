/// Bytes compared as bytes. `String` compares by Unicode's equivalence, under which two different names are one; who may
/// call must not hang on that.
extension Span<UInt8> {
    /// Whether these are the same bytes; the time it takes tells nothing about where they differ, their counts are
    /// told.
    func equalsInConstantTime(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var difference: UInt8 = 0
        for index in 0..<count { difference |= self[index] ^ other[index] }
        return difference == 0
    }

    /// Whether these are the same bytes. Not for secrets.
    func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }

    /// Whether these are the bytes of a literal. Not for secrets.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { buffer in
            for index in 0..<count {
                guard unsafe buffer[index] == self[index] else { return false }
            }
            return true
        }
    }

    /// Whether these are the bytes of a literal in lower case, when ASCII letters count as lower case.
    func equalsIgnoringCase(_ lowercased: StaticString) -> Bool {
        guard count == lowercased.utf8CodeUnitCount else { return false }
        return lowercased.withUTF8Buffer { buffer in
            for index in 0..<count {
                guard unsafe buffer[index] == self[index].lowercased else { return false }
            }
            return true
        }
    }

    /// A copy of the bytes.
    var array: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }

    /// The first place of a byte at or after another place. Looks at eight bytes at a time, since tokens are long.
    func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let wanted = ones &* UInt64(byte)
        var index = start
        while index + 8 <= count {
            // Within the span, as the condition says.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) ^ wanted
            if (word &- ones) & ~word & (ones << 7) != 0 { break }
            index += 8
        }
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }
}

extension UInt8 {
    /// An ASCII letter in lower case; any other byte as it is.
    var lowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }

    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isLowercaseLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    var isLetter: Bool { lowercased.isLowercaseLetter }

    /// The value of a hexadecimal digit.
    var hexValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
