/// The header fields that the gateway looks at, recognised once while a head is parsed.
///
/// Everything else is `.other` and is passed on by its bytes.
public enum FieldName: UInt8, Sendable, CaseIterable {
    case other
    case host, contentLength, transferEncoding, connection, keepAlive, proxyConnection, te, trailer, upgrade, expect
    case proxyAuthenticate, proxyAuthorization
    case via, forwarded, xForwardedFor, xForwardedProto, xForwardedHost, xForwardedPort, xRequestID, traceparent
    case userAgent, referer, idempotencyKey, contentType, authorization, cookie, origin, date, server, allow, retryAfter
    case strictTransportSecurity

    /// The name in lower case; empty for `.other`.
    public var text: StaticString {
        switch self {
        case .other: ""
        case .host: "host"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .connection: "connection"
        case .keepAlive: "keep-alive"
        case .proxyConnection: "proxy-connection"
        case .te: "te"
        case .trailer: "trailer"
        case .upgrade: "upgrade"
        case .expect: "expect"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .via: "via"
        case .forwarded: "forwarded"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedProto: "x-forwarded-proto"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedPort: "x-forwarded-port"
        case .xRequestID: "x-request-id"
        case .traceparent: "traceparent"
        case .userAgent: "user-agent"
        case .referer: "referer"
        case .idempotencyKey: "idempotency-key"
        case .contentType: "content-type"
        case .authorization: "authorization"
        case .cookie: "cookie"
        case .origin: "origin"
        case .date: "date"
        case .server: "server"
        case .allow: "allow"
        case .retryAfter: "retry-after"
        case .strictTransportSecurity: "strict-transport-security"
        }
    }
}

/// A set of recognised field names, one bit each.
public struct FieldNameSet: OptionSet, Sendable {
    /// Bit `n` stands for the name with raw value `n`.
    public let rawValue: UInt64

    /// Makes a set from its bits.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The set of one name.
    @inlinable public init(_ name: FieldName) { rawValue = 1 << UInt64(name.rawValue) }

    /// Whether the set holds `name`.
    @inlinable public func has(_ name: FieldName) -> Bool { rawValue & (1 << UInt64(name.rawValue)) != 0 }

    /// What belongs to one connection and is never passed on (RFC 9110, 7.6.1), with the framing that each
    /// side writes anew.
    public static let hopByHop = FieldNameSet(
        [.connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .contentLength]
            as [FieldName]
    )

    /// The set of several names.
    public init(_ names: [FieldName]) {
        rawValue = names.reduce(0) { $0 | (1 << UInt64($1.rawValue)) }
    }
}
