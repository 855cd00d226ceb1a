/// What is wrong with a message, by the rules of RFC 9112 and RFC 9110. After any of these the connection is closed,
/// since where the next message starts can no longer be known.
public enum WireFault: String, Error, Sendable, CaseIterable {
    // The request line
    case badRequestLine = "request-line"
    case badTarget = "target"
    case requestLineTooLong = "request-line-too-long"
    case badVersion = "version"
    case unsupportedVersion = "unsupported-version"
    case connectMethod = "connect"
    case asteriskForm = "asterisk-form"
    // The status line
    case badStatusLine = "status-line"
    // The header section
    case headTooLarge = "head-too-large"
    case tooManyFields = "too-many-fields"
    case bareCR = "bare-cr"
    case bareLF = "bare-lf"
    case obsoleteFold = "obs-fold"
    case spaceBeforeColon = "space-before-colon"
    case emptyFieldName = "empty-field-name"
    case badFieldName = "field-name"
    case badFieldValue = "field-value"
    case missingHost = "missing-host"
    case duplicateHost = "duplicate-host"
    case badHost = "host"
    case unknownExpectation = "expectation"
    // The fields of HTTP/2 that are not those of HTTP/1.1 (RFC 9113, 8.2 and 8.3)
    case badPseudoField = "pseudo-field"
    case connectionField = "connection-field"
    case contradictingHost = "contradicting-host"
    case badFieldSpace = "field-space"
    // Framing
    case badContentLength = "content-length"
    case duplicateContentLength = "duplicate-content-length"
    case lengthAndTransferEncoding = "length-and-transfer-encoding"
    case transferEncodingInHTTP10 = "transfer-encoding-in-http10"
    case badTransferEncoding = "transfer-encoding"
    case unsupportedTransferCoding = "transfer-coding"
    // The body
    case badChunkSize = "chunk-size"
    case chunkExtensionTooLong = "chunk-extension"
    case badChunkEnd = "chunk-end"
    case trailersTooLarge = "trailers-too-large"
    case forbiddenTrailer = "trailer"
    case bodyTooLarge = "body-too-large"
    case wrongContentLength = "wrong-content-length"

    /// The status that a request with this fault is answered with.
    public var status: Int {
        switch self {
        case .requestLineTooLong: 414
        case .headTooLarge, .tooManyFields, .trailersTooLarge: 431
        case .unsupportedVersion: 505
        case .connectMethod, .unsupportedTransferCoding: 501
        case .unknownExpectation: 417
        case .bodyTooLarge: 413
        default: 400
        }
    }

    /// What the sender should know, as a sentence without a full stop.
    public var explanation: String {
        switch self {
        case .badRequestLine: "The request line is not METHOD SP target SP HTTP/x.y"
        case .badTarget: "The request target is not a valid origin-form or absolute-form"
        case .requestLineTooLong: "The request line is too long"
        case .badVersion: "The HTTP version is malformed"
        case .unsupportedVersion: "Only HTTP/1.1 and HTTP/1.0 are spoken here"
        case .connectMethod: "CONNECT is not supported"
        case .asteriskForm: "The target * is for OPTIONS only"
        case .badStatusLine: "The status line is malformed"
        case .headTooLarge: "The header section is too large"
        case .tooManyFields: "There are too many header fields"
        case .bareCR: "A CR is not followed by LF"
        case .bareLF: "A line ends in LF without CR"
        case .obsoleteFold: "A header field is folded over several lines"
        case .spaceBeforeColon: "White space precedes the colon of a header field"
        case .emptyFieldName: "A header field has no name"
        case .badFieldName: "A header field's name is not a token"
        case .badFieldValue: "A header field's value has a control character"
        case .missingHost: "The Host field is missing"
        case .duplicateHost: "The Host field occurs more than once"
        case .badHost: "The host is malformed"
        case .unknownExpectation: "The only expectation met here is 100-continue"
        case .badPseudoField: "A pseudo-header field is missing, repeated, unknown, malformed or not in front"
        case .connectionField: "A field belongs to a connection of HTTP/1.1"
        case .contradictingHost: "Host and :authority name different hosts"
        case .badFieldSpace: "A field's value begins or ends with white space"
        case .badContentLength: "Content-Length is not a decimal number"
        case .duplicateContentLength: "Content-Length occurs more than once"
        case .lengthAndTransferEncoding: "Content-Length and Transfer-Encoding exclude each other"
        case .transferEncodingInHTTP10: "HTTP/1.0 has no Transfer-Encoding"
        case .badTransferEncoding: "Transfer-Encoding does not end in chunked, once"
        case .unsupportedTransferCoding: "The only transfer coding spoken here is chunked"
        case .badChunkSize: "A chunk size is malformed or too large"
        case .chunkExtensionTooLong: "A chunk extension is too long"
        case .badChunkEnd: "A chunk is not followed by CRLF"
        case .trailersTooLarge: "The trailer section is too large"
        case .forbiddenTrailer: "A trailer field would change the framing or routing of its message"
        case .bodyTooLarge: "The body is larger than is allowed here"
        case .wrongContentLength: "The body is not as long as Content-Length says"
        }
    }

    /// Whether a request of HTTP/2 with this fault is malformed in the words of RFC 9113, 8.1.1, so that its stream is reset instead
    /// of answered.
    public var isMalformedStream: Bool {
        switch self {
        case .badPseudoField, .connectionField, .badFieldSpace, .badFieldName, .emptyFieldName, .badFieldValue,
            .badContentLength, .duplicateContentLength, .wrongContentLength:
            true
        default: false
        }
    }
}

/// How much a head may take.
public struct HeadLimits: Sendable {
    /// The request line, without its end.
    public var lineBytes: Int
    /// The whole head, first line and empty line included.
    public var headBytes: Int
    /// Header fields.
    public var fieldCount: Int

    /// Makes limits.
    public init(lineBytes: Int = 8_192, headBytes: Int = 32_768, fieldCount: Int = 100) {
        self.lineBytes = lineBytes
        self.headBytes = headBytes
        self.fieldCount = fieldCount
    }
}
