internal import Crypto

/// The hashes of a request's content in `Content-Digest` (RFC 9530).
public struct ContentDigest: Sendable, Hashable {
    let sha256: [UInt8]?
    let sha512: [UInt8]?

    /// Reads a field's value; its lines are joined with commas. Algorithms beside `sha-256` and `sha-512` are passed
    /// over: the others of the registry are broken.
    /// - Returns: `nil` if the value is malformed, or if neither of the two is there.
    public init?(_ field: [UInt8]) {
        guard let dictionary = try? StructuredDictionary(field) else { return nil }
        func hash(_ name: String, byteCount: Int) -> [UInt8]?? {
            guard let entry = dictionary.entry(Array(name.utf8).span) else { return .some(nil) }
            guard case .member(let member) = entry.content, let bytes = dictionary.bytes(of: member.item),
                bytes.count == byteCount
            else { return .none }
            return bytes
        }
        guard let short = hash("sha-256", byteCount: SHA256.byteCount),
            let long = hash("sha-512", byteCount: SHA512.byteCount), short != nil || long != nil
        else { return nil }
        sha256 = short
        sha512 = long
    }

    /// Whether a content that is at hand as a whole has all of these hashes.
    public func matches(_ content: Span<UInt8>) -> Bool {
        var check = ContentDigestCheck(self)
        check.update(content)
        return check.matches()
    }
}

/// Holds a content against its digest while it streams by.
public struct ContentDigestCheck: Sendable {
    private let expected: ContentDigest
    private var sha256: SHA256?
    private var sha512: SHA512?

    /// Begins a check.
    public init(_ expected: ContentDigest) {
        self.expected = expected
        if expected.sha256 != nil { sha256 = SHA256() }
        if expected.sha512 != nil { sha512 = SHA512() }
    }

    /// Takes the next bytes of the content in.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe sha256?.update(bufferPointer: buffer)
            unsafe sha512?.update(bufferPointer: buffer)
        }
    }

    /// Whether what was taken in has all of the hashes.
    public func matches() -> Bool {
        let short = sha256.map { Array($0.finalize()) }
        let long = sha512.map { Array($0.finalize()) }
        return Self.isSame(short, expected.sha256) && Self.isSame(long, expected.sha512)
    }

    private static func isSame(_ one: [UInt8]?, _ other: [UInt8]?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return one.span.equalsInConstantTime(other.span)
    }
}
