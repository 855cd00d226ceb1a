/// A set of ASCII bytes, as a bit map.
struct ByteSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    private init(_ members: String) {
        for byte in members.utf8 {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let half = byte < 64 ? low : high
        return byte < 128 && half &>> UInt64(byte & 63) & 1 == 1
    }

    private static let alphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    /// RFC 3986, 2.3: what is the same resource escaped or not.
    static let unreserved = ByteSet(alphanumerics + "-._~")

    /// What a path may hold raw: `pchar` of RFC 3986 without `%` and `;`, the slash, and the four bytes outside of it
    /// that browsers do not escape in a path.
    static let plainPathBytes = ByteSet(alphanumerics + "-._~!$&'()*+,=:@/" + "[]^|")
}

extension UInt8 {
    static let slash = UInt8(ascii: "/")
    static let dot = UInt8(ascii: ".")
    static let percent = UInt8(ascii: "%")
    static let semicolon = UInt8(ascii: ";")
    static let colon = UInt8(ascii: ":")
    static let backslash = UInt8(ascii: "\\")
    static let openingBracket = UInt8(ascii: "[")
    static let closingBracket = UInt8(ascii: "]")

    /// The value of a hexadecimal digit in either case.
    var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }

    /// The upper-case hexadecimal digit of a value below 16.
    var hexDigit: UInt8 { self < 10 ? 0x30 + self : 0x41 + self - 10 }

    /// ASCII letters in lower case, all else as it is.
    var lowercased: UInt8 { 0x41...0x5A ~= self ? self | 0x20 : self }
}
