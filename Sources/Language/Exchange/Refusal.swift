/// Why the gateway itself answered, or could not answer: a stable text such as `backend.timeout`.
///
/// The log, the metrics, `daemun explain` and the error's body all use the same text.
public struct Cause: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// `area.what-happened`, lower case.
    public let text: String

    /// Makes a cause; a literal costs no allocation.
    public init(_ text: String) { self.text = text }

    /// Makes a cause from a literal.
    public init(stringLiteral value: String) { text = value }

    /// The text.
    public var description: String { text }
}

/// The gateway's own "no": a status, a cause and what the client is told.
public struct Refusal: Error, Sendable, Hashable {
    /// 400…599.
    public var status: Int
    /// The stable cause.
    public var cause: Cause
    /// What the client reads in the body's `message`.
    public var message: String
    /// Further header fields (`Allow`, `Retry-After`).
    public var fields: [ReplyField]

    /// Makes a refusal; the message defaults to the status's reason phrase.
    public init(status: Int, cause: Cause, message: String? = nil, fields: [ReplyField] = []) {
        self.status = status
        self.cause = cause
        self.message = message ?? "\(StatusLine.reason(status))"
        self.fields = fields
    }
}

extension Exchange {
    /// Answers the call with an error of the gateway's own.
    public func refuse(_ refusal: Refusal) {
        record.cause = refusal.cause
        client?.send(Reply(refusal, requestID: requestID))
    }
}

/// One header field of an answer made by the gateway.
public struct ReplyField: Sendable, Hashable {
    /// A token (RFC 9110, 5.6.2), written as it is.
    public var name: String
    /// A field value without line ends.
    public var value: String

    /// Makes a field.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// Reason phrases (RFC 9110, 15).
public enum StatusLine {
    /// The phrase for a status; `Unknown` for one that has none.
    public static func reason(_ status: Int) -> StaticString {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 103: "Early Hints"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 203: "Non-Authoritative Information"
        case 204: "No Content"
        case 205: "Reset Content"
        case 206: "Partial Content"
        case 300: "Multiple Choices"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 425: "Too Early"
        case 426: "Upgrade Required"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 451: "Unavailable For Legal Reasons"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Unknown"
        }
    }
}
