public import Exchange
public import NIOCore

/// Trailer fields (RFC 9110, 6.5): checked as strictly as a header section, and passed on only when they can do no
/// harm.
public struct TrailerFilter: Sendable {
    private let fields: FieldParser

    /// Makes a filter.
    public init(names: FieldNameTable) { fields = FieldParser(names: names, maximumCount: 64) }

    /// Fields that would change how their message is framed, routed, authenticated or forwarded (RFC 9110, 6.5.1).
    private static let forbidden = FieldNameSet(
        [.host, .contentLength, .transferEncoding, .connection, .keepAlive, .proxyConnection, .te, .trailer]
            + [.upgrade, .expect, .authorization, .proxyAuthenticate, .proxyAuthorization, .cookie, .contentType]
            + [.via, .forwarded, .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .xRequestID]
            + [.traceparent, .idempotencyKey, .origin]
    )

    /// The trailer lines to pass on, each with its line end and without the empty line; `nil` when there are none.
    public func filter(_ section: ByteBuffer) throws(WireFault) -> ByteBuffer? {
        var parsed = FieldSection()
        let span = section.readableBytesUInt8Span
        guard try fields.parse(span, from: 0, into: &parsed) == span.count else { throw .badFieldValue }
        guard parsed.names.isDisjoint(with: Self.forbidden) else { throw .forbiddenTrailer }
        guard !parsed.fields.isEmpty else { return nil }
        var lines = ByteBuffer()
        lines.writeHead { out in
            for field in parsed.fields { out.writeField(field, of: section) }
        }
        return lines
    }
}
