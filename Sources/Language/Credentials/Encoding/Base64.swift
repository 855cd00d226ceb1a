/// Base64 in its two alphabets (RFC 4648, 4 and 5), read strictly: one text for each value, so that a signed text cannot
/// be changed without its bytes changing, too.
public enum Base64: Sendable {
    /// `+` and `/`, padded with `=` to groups of four.
    case padded
    /// `+` and `/`, without padding, as in the text form of password hashes.
    case unpadded
    /// `-` and `_`, without padding, as JOSE has it.
    case url

    /// The bytes that a text stands for; `nil` for a character outside of the alphabet, missing or superfluous padding,
    /// a length that no bytes have, and unused bits that are not zero.
    public func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var count = text.count
        if case .padded = self {
            guard count % 4 == 0 else { return nil }
            if count > 0, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
            if count > 0, count % 4 == 3, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        }
        let rest = count % 4
        guard rest != 1 else { return nil }
        let table = isURL ? urlValues : standardValues
        let values = table.span
        var invalid: UInt8 = 0
        var unused: UInt8 = 0
        let bytes = [UInt8](capacity: count / 4 * 3 + 2) { bytes in
            var start = 0
            while start + 4 <= count {
                let first = values[Int(text[start])]
                let second = values[Int(text[start + 1])]
                let third = values[Int(text[start + 2])]
                let fourth = values[Int(text[start + 3])]
                invalid |= first | second | third | fourth
                bytes.append(first << 2 | second >> 4)
                bytes.append(second << 4 | third >> 2)
                bytes.append(third << 6 | fourth)
                start += 4
            }
            guard rest > 0 else { return }
            let first = values[Int(text[start])]
            let second = values[Int(text[start + 1])]
            let third = rest == 3 ? values[Int(text[start + 2])] : 0
            invalid |= first | second | third
            bytes.append(first << 2 | second >> 4)
            if rest == 3 { bytes.append(second << 4 | third >> 2) }
            unused = rest == 3 ? third & 0b11 : second & 0b1111
        }
        return invalid & invalidBit == 0 && unused == 0 ? bytes : nil
    }

    /// The bytes that an array's text stands for; see `decode(_:)` of a span.
    public func decode(_ text: [UInt8]) -> [UInt8]? { decode(text.span) }

    /// The one text that stands for the bytes.
    public func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var bits: UInt32 = 0
        var held = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            held += 8
            while held >= 6 {
                held -= 6
                text.append(digit(bits >> UInt32(held) & 63))
            }
        }
        if held > 0 { text.append(digit(bits << UInt32(6 - held) & 63)) }
        if case .padded = self {
            while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        }
        return text
    }

    private var isURL: Bool {
        if case .url = self { true } else { false }
    }

    private func digit(_ value: UInt32) -> UInt8 { isURL ? urlDigits[Int(value)] : standardDigits[Int(value)] }
}

/// Set in a table's entry for what is no digit; digits have six bits.
private let invalidBit: UInt8 = 0x80
private let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
private let standardDigits = letters + Array("+/".utf8)
private let urlDigits = letters + Array("-_".utf8)
private let standardValues = values(of: standardDigits)
private let urlValues = values(of: urlDigits)

private func values(of digits: [UInt8]) -> [UInt8] {
    var table = [UInt8](repeating: invalidBit, count: 256)
    for (value, digit) in digits.enumerated() { table[Int(digit)] = UInt8(value) }
    return table
}
