/// What `Authorization: Basic …` carries (RFC 7617).
public struct BasicCredentials: Sendable {
    /// How the text behind the base64 is made up. It cannot be told from the text, so the route says.
    public enum Form: Sendable, Hashable {
        /// `USER:PASSWORD`; the password may have colons.
        case userPassword
        /// `ID:PASSWORD:API_KEY`; the password may have colons, the key has none.
        case userPasswordKey
    }

    /// Who it is: 1 to 256 bytes, without a colon.
    public let user: String
    /// The password in UTF-8, at most 1024 bytes; compared through its hash only.
    public let password: [UInt8]
    /// The API key, of 1 to 256 bytes; there in the form that has one.
    public let apiKey: [UInt8]?

    /// The most bytes of a user's name, and of an API key.
    public static let mostNameBytes = 256
    /// The most bytes of a password.
    public static let mostPasswordBytes = 1024
    /// The most bytes of the whole value.
    public static let mostBytes = 2 << 10

    /// Reads a field value.
    public init(_ value: Span<UInt8>, form: Form) throws(BasicFailure) {
        guard value.count <= Self.mostBytes else { throw .tooLong }
        guard value.count > 6, value.extracting(0..<6).equalsIgnoringCase("basic ") else { throw .otherScheme }
        var start = 6
        while start < value.count, value[start] == UInt8(ascii: " ") { start += 1 }
        guard let text = Base64.padded.decode(value.extracting(start..<value.count)) else { throw .notBase64 }
        guard isUTF8(text.span), !text.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { throw .notText }
        let colon = UInt8(ascii: ":")
        guard let first = text.firstIndex(of: colon) else { throw .notInForm }
        var end = text.count
        if form == .userPasswordKey {
            guard let last = text.lastIndex(of: colon), last > first else { throw .notInForm }
            let key = Array(text[(last + 1)...])
            guard (1...Self.mostNameBytes).contains(key.count) else { throw .notInForm }
            apiKey = key
            end = last
        } else {
            apiKey = nil
        }
        guard (1...Self.mostNameBytes).contains(first) else { throw .notInForm }
        guard end - first - 1 <= Self.mostPasswordBytes else { throw .tooLong }
        user = String(decoding: text[..<first], as: UTF8.self)
        password = Array(text[(first + 1)..<end])
    }
}

/// Why a value is no Basic credentials.
public enum BasicFailure: Error, Sendable, Hashable {
    /// Another scheme, or nothing behind it.
    case otherScheme
    /// Longer than the limits.
    case tooLong
    /// No base64 with its padding.
    case notBase64
    /// No UTF-8, or control characters in it.
    case notText
    /// Not as many colons as the form has, or a user or key that is empty or too long.
    case notInForm

    /// The stable text of the log and the metrics.
    public var cause: StaticString {
        switch self {
        case .otherScheme: "authorizer.no-basic-credentials"
        case .tooLong, .notBase64, .notText, .notInForm: "authorizer.malformed-basic-credentials"
        }
    }
}
