/// Bytes as two hexadecimal digits each (RFC 4648, 8).
public enum Hexadecimal {
    /// The text of bytes, in lower case.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The bytes of a text of such digits in either case; `nil` where it has anything else, or half a byte.
    public static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for start in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[start].hexValue, let low = digits[start + 1].hexValue else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
