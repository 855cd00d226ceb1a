import Exchange
import Model
import NIOCore
import Wire

/// The request head that a backend gets: the client's, with the path of the plan, without what belongs to the client's connection,
/// and with what a gateway adds (RFC 9110, 7.6; RFC 7239).
///
/// | field | value |
/// |---|---|
/// | `Host` | the target's authority, unless the route says otherwise |
/// | `Via` | `1.0`, `1.1` or `2.0 daemun`, by the client's version, after what was there |
/// | `X-Forwarded-For`, `Forwarded` | a trusted peer's value and then the peer; else the peer alone |
/// | `X-Forwarded-Proto`, `X-Forwarded-Host` | a trusted peer's value; else what the client used |
/// | `X-Request-Id` | the call's id |
/// | the route's `claims_to_headers` | what is known of the caller; the client's own were taken off before |
enum ForwardedRequest {
    private static let replaced = FieldNameSet.hopByHop.union(
        FieldNameSet([.host, .expect, .proxyAuthenticate, .proxyAuthorization, .forwarded, .xForwardedFor, .xRequestID])
    )
    private static let describing = FieldNameSet([.xForwardedProto, .xForwardedHost, .xForwardedPort])

    /// - Parameter opensWebSocket: whether the request is a WebSocket handshake. It is a GET (RFC 6455, 4.1) whatever the route says.
    static func write(
        _ exchange: Exchange,
        plan: ProxyPlan,
        endpoint: Endpoint,
        opensWebSocket: Bool,
        to out: inout HeadWriter
    ) {
        let bytes = exchange.request.bytes
        if let method = plan.method, !opensWebSocket {
            out.writeImmutableBuffer(method)
        } else {
            out.writeBytes(bytes.readableBytesSpan.extracting(exchange.request.method.range))
        }
        out.writeStaticString(" ")
        out.writeImmutableBuffer(endpoint.pathPrefix)
        writePath(exchange, plan, to: &out)
        if exchange.request.hasQuery {
            out.writeStaticString("?")
            out.writeBytes(bytes.readableBytesSpan.extracting(exchange.request.query.range))
        }
        out.writeStaticString(" HTTP/1.1\r\n")
        writeHost(exchange, plan, endpoint, to: &out)
        writeFields(exchange, to: &out)
        if let fields = exchange.callerFields, let principal = exchange.principal {
            write(fields, about: principal, to: &out)
        }
        if opensWebSocket { out.writeStaticString("Connection: Upgrade\r\nUpgrade: websocket\r\n") }
        writeForwarded(exchange, to: &out)
        out.writeStaticString("\r\n\r\n")
    }

    private static func writePath(_ exchange: Exchange, _ plan: ProxyPlan, to out: inout HeadWriter) {
        let canonical = exchange.path
        let path = canonical.buffer.readableBytesSpan.extracting(canonical.range.range)
        guard let parts = plan.path else {
            let start = plan.stripsBasePath ? exchange.basePathEnd : 0
            if let prefix = plan.prefix {
                out.writeImmutableBuffer(prefix)
            } else if start >= path.byteCount {
                out.writeStaticString("/")
            }
            out.writeBytes(path.extracting(start..<path.byteCount))
            return
        }
        for part in parts {
            switch part {
            case .literal(let text): out.writeImmutableBuffer(text)
            case .parameter(let position):
                out.writeBytes(path.extracting(exchange.parameters.ranges[position].range))
            }
        }
    }

    private static func writeHost(
        _ exchange: Exchange,
        _ plan: ProxyPlan,
        _ endpoint: Endpoint,
        to out: inout HeadWriter
    ) {
        switch plan.host {
        case .preserve where !exchange.request.authority.isEmpty:
            out.writeStaticString("Host: ")
            writeAuthority(exchange, to: &out)
            out.writeStaticString("\r\n")
        case .target, .preserve: out.writeImmutableBuffer(endpoint.hostLine)
        case .fixed(let name):
            out.writeStaticString("Host: ")
            out.writeString(name)
            out.writeStaticString("\r\n")
        }
    }

    private static func writeFields(_ exchange: Exchange, to out: inout HeadWriter) {
        var dropped = replaced
        if !exchange.peer.isTrusted { dropped.formUnion(describing) }
        switch exchange.request.framing {
        case .length: dropped.remove(FieldNameSet(.contentLength))
        case .chunked: out.writeStaticString("Transfer-Encoding: chunked\r\n")
        case .none, .untilClose: break
        }
        out.writeFields(exchange.request.section, of: exchange.request.bytes, dropping: dropped)
    }

    private static func write(_ fields: CallerFields, about principal: Principal, to out: inout HeadWriter) {
        for line in fields.lines {
            guard let value = principal.text(of: line.value) else { continue }
            out.writeString(line.name)
            out.writeString(value)
            out.writeStaticString("\r\n")
        }
    }

    /// Everything that the gateway adds, up to the last field's value.
    private static func writeForwarded(_ exchange: Exchange, to out: inout HeadWriter) {
        let isTrusted = exchange.peer.isTrusted
        let names = isTrusted ? exchange.request.section.names : []
        let hasAuthority = !exchange.request.authority.isEmpty
        if !names.has(.xForwardedProto) {
            out.writeStaticString(
                exchange.isSecure ? "X-Forwarded-Proto: https\r\n" : "X-Forwarded-Proto: http\r\n"
            )
        }
        if !names.has(.xForwardedHost), hasAuthority {
            out.writeStaticString("X-Forwarded-Host: ")
            writeAuthority(exchange, to: &out)
            out.writeStaticString("\r\n")
        }
        out.writeStaticString("X-Forwarded-For: ")
        if names.has(.xForwardedFor) { writeList(.xForwardedFor, exchange, to: &out) }
        exchange.peer.withText { out.writeBytes($0) }
        out.writeStaticString("\r\nForwarded: ")
        if names.has(.forwarded) { writeList(.forwarded, exchange, to: &out) }
        if exchange.peer.isVersion6 {
            out.writeStaticString("for=\"[")
            exchange.peer.withText { out.writeBytes($0) }
            out.writeStaticString("]\"")
        } else {
            out.writeStaticString("for=")
            exchange.peer.withText { out.writeBytes($0) }
        }
        if hasAuthority {
            out.writeStaticString(";host=\"")
            writeAuthority(exchange, to: &out)
            out.writeStaticString("\"")
        }
        out.writeStaticString(exchange.isSecure ? ";proto=https\r\nVia: " : ";proto=http\r\nVia: ")
        switch exchange.request.version {
        case .http10: out.writeStaticString("1.0 daemun\r\nX-Request-Id: ")
        case .http11: out.writeStaticString("1.1 daemun\r\nX-Request-Id: ")
        case .http2: out.writeStaticString("2.0 daemun\r\nX-Request-Id: ")
        }
        exchange.requestID.withText { out.writeBytes($0) }
    }

    private static func writeAuthority(_ exchange: Exchange, to out: inout HeadWriter) {
        let bytes = exchange.request.bytes
        out.writeBytes(bytes.readableBytesSpan.extracting(exchange.request.authority.range))
    }

    /// The values of a list field, each with a comma after it.
    private static func writeList(_ name: FieldName, _ exchange: Exchange, to out: inout HeadWriter) {
        let bytes = exchange.request.bytes
        for field in exchange.request.section.fields where field.known == name && !field.value.isEmpty {
            out.writeBytes(bytes.readableBytesSpan.extracting(field.value.range))
            out.writeStaticString(", ")
        }
    }
}
