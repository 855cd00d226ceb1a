/// API keys and passwords that we make: letters and digits only, so that a double click selects all of one and no shell
/// or URL changes it.
public enum GeneratedSecret {
    /// Random digits of base 62 in a key: 190 bits.
    public static let keyDigits = 32
    /// Random digits of base 62 in a password: 142 bits.
    public static let passwordDigits = 24
    /// Digits of a key's checksum.
    static let checksumDigits = 6
    /// The most bytes of a prefix.
    public static let mostPrefixBytes = 16

    /// An API key: `PREFIX_`, 32 random digits, and a checksum, by which a scanner of leaked secrets, and we, can tell
    /// a key from what only looks like one without asking a store.
    /// - Parameter prefix: says whose key it is; 1 to 16 lower-case letters, digits and `_`. `nil` for another one.
    public static func apiKey(prefix: String, using random: inout some RandomNumberGenerator) -> String? {
        guard (1...mostPrefixBytes).contains(prefix.utf8.count),
            prefix.utf8.allSatisfy({ $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "_") })
        else { return nil }
        let body = Array(prefix.utf8) + [UInt8(ascii: "_")] + randomDigits(keyDigits, using: &random)
        return String(decoding: body + checksum(of: body.span), as: UTF8.self)
    }

    /// An API key with the system's random numbers.
    public static func apiKey(prefix: String) -> String? {
        var random = SystemRandomNumberGenerator()
        return apiKey(prefix: prefix, using: &random)
    }

    /// A password of 24 random digits.
    public static func password() -> String {
        var random = SystemRandomNumberGenerator()
        return String(decoding: randomDigits(passwordDigits, using: &random), as: UTF8.self)
    }

    /// A secret for HMAC: 32 random bytes.
    public static func signingSecret() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    /// Whether a text has a prefix and the form of a key with its checksum. Says nothing about whether it is anybody's.
    public static func isAPIKey(_ text: Span<UInt8>, prefix: String) -> Bool {
        let prefix = Array(prefix.utf8) + [UInt8(ascii: "_")]
        let bodyCount = prefix.count + keyDigits
        guard text.count == bodyCount + checksumDigits else { return false }
        guard text.extracting(0..<prefix.count).equals(prefix.span) else { return false }
        let expected = checksum(of: text.extracting(0..<bodyCount))
        return text.extracting(bodyCount..<text.count).equals(expected.span)
    }

    private static func randomDigits(_ count: Int, using random: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in digits[Int.random(in: 0..<62, using: &random)] }
    }

    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// CRC-32 (of IEEE 802.3) in six digits of base 62, the most significant first.
    private static func checksum(of body: Span<UInt8>) -> [UInt8] {
        var remainder = UInt32.max
        for index in 0..<body.count {
            remainder ^= UInt32(body[index])
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        var value = ~remainder
        var text: [UInt8] = []
        for _ in 0..<checksumDigits {
            text.append(digits[Int(value % 62)])
            value /= 62
        }
        return text.reversed()
    }
}
