internal import Crypto

/// What is stored of an API key, and by which it is found: a keyed hash. Who reads the store can neither use it nor try
/// keys against it without the server's own key. API keys are random and long, so a hash that is fast will do.
public struct KeyFingerprint: Sendable {
    let first: UInt64
    let second: UInt64
    let third: UInt64
    let fourth: UInt64

    fileprivate init(_ bytes: [UInt8]) {
        func word(_ start: Int) -> UInt64 { bytes[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
        (first, second, third, fourth) = (word(0), word(8), word(16), word(24))
    }

    /// Reads the stored text, 64 hexadecimal digits in lower case; `nil` for another one.
    public init?(_ text: String) {
        guard let bytes = Hexadecimal.decode(text), bytes.count == 32 else { return nil }
        self.init(bytes)
        guard description == text else { return nil }
    }
}

extension KeyFingerprint: Hashable, CustomStringConvertible {
    /// Equal fingerprints; the time tells nothing about where others differ.
    public static func == (one: KeyFingerprint, other: KeyFingerprint) -> Bool {
        (one.first ^ other.first) | (one.second ^ other.second) | (one.third ^ other.third)
            | (one.fourth ^ other.fourth) == 0
    }

    /// Takes a part of the hash in, which is as good as random already.
    public func hash(into hasher: inout Hasher) { hasher.combine(first) }

    /// 64 hexadecimal digits.
    public var description: String {
        [first, second, third, fourth].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// Makes fingerprints with the server's key.
public struct KeyFingerprinter: Sendable, Equatable {
    /// HMAC with the key and the purpose taken in already.
    private let prepared: HMAC<SHA256>

    /// The least bytes of the server's key.
    public static let leastKeyBytes = 32
    /// So that the same key of the server, used for something else, gives other hashes.
    private static let purpose = [UInt8]("daemun api key fingerprint 1\0".utf8)

    /// Makes one; `nil` for a key of fewer than 32 bytes.
    public init?(key: [UInt8]) {
        guard key.count >= Self.leastKeyBytes else { return nil }
        var prepared = HMAC<SHA256>(key: SymmetricKey(data: key))
        prepared.update(data: Self.purpose)
        self.prepared = prepared
    }

    /// One with a key of this process alone, for fingerprints that are not kept.
    public static func random() -> KeyFingerprinter {
        var random = SystemRandomNumberGenerator()
        let key = (0..<leastKeyBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        guard let fingerprinter = KeyFingerprinter(key: key) else { preconditionFailure("the key is long enough") }
        return fingerprinter
    }

    /// Whether two make the same fingerprints.
    public static func == (one: KeyFingerprinter, other: KeyFingerprinter) -> Bool {
        let nothing: [UInt8] = []
        return one.fingerprint(of: nothing.span) == other.fingerprint(of: nothing.span)
    }

    /// The fingerprint of an API key.
    public func fingerprint(of apiKey: Span<UInt8>) -> KeyFingerprint {
        var code = prepared
        unsafe apiKey.withUnsafeBytes { unsafe code.update(data: $0) }
        return KeyFingerprint(Array(code.finalize()))
    }
}
