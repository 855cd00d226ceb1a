internal import Exchange
internal import NIOCore

/// The built-in format: one JSON object a line, its members in a fixed order. Members without a value are left out.
enum JSONLine {
    static func write(_ call: LoggedCall, clock: inout WallClock, to line: inout LineWriter) {
        let head = call.request.bytes.readableBytesUInt8Span
        line.write("{\"time\":\"")
        clock.writeISO8601(call.receivedAt, to: &line)
        line.write("\",\"request_id\":\"")
        call.requestID.withText { line.write($0) }
        line.write("\",\"client\":\"")
        call.client.withText { line.write($0) }
        line.write("\"")
        writeRequest(call, head: head, to: &line)
        writeResponse(call, to: &line)
        writeRoute(call.route, to: &line)
        writeCaller(call.principal, to: &line)
        writeBackend(call, to: &line)
        line.writeMember(",\"cause\":\"", call.record.cause?.text)
        line.writeMember(",\"user_agent\":\"", call.field(.userAgent), of: head)
        line.write("}\n")
    }

    private static func writeRequest(_ call: LoggedCall, head: Span<UInt8>, to line: inout LineWriter) {
        line.writeMember(",\"method\":\"", call.request.method, of: head)
        line.writeMember(",\"host\":\"", call.request.authority, of: head)
        let path = call.path
        line.writeMember(",\"path\":\"", path.range, of: path.buffer.readableBytesUInt8Span)
        line.writeMember(",\"query\":\"", call.request.query, of: head)
        guard call.hasRequestLine else { return }
        switch call.request.version {
        case .http10: line.write(",\"protocol\":\"HTTP/1.0\"")
        case .http11: line.write(",\"protocol\":\"HTTP/1.1\"")
        case .http2: line.write(",\"protocol\":\"HTTP/2.0\"")
        }
    }

    private static func writeResponse(_ call: LoggedCall, to line: inout LineWriter) {
        line.writeMember(",\"status\":", call.record.status)
        line.writeMember(",\"bytes_in\":", call.record.requestBytes)
        line.writeMember(",\"bytes_out\":", call.record.responseBytes)
        line.write(",\"duration_ms\":")
        line.writeMilliseconds(call.durations.total)
    }

    private static func writeRoute(_ route: RouteIdentity?, to line: inout LineWriter) {
        guard let route else { return }
        line.writeMember(",\"api\":\"", route.api)
        line.writeMember(",\"stage\":\"", route.stage)
        line.writeMember(",\"version\":\"", route.version)
        line.writeMember(",\"route\":\"", route.routeKey)
    }

    private static func writeCaller(_ principal: Principal?, to line: inout LineWriter) {
        guard let principal else { return }
        line.writeMember(",\"customer\":\"", principal.customer)
        line.writeMember(",\"subject\":\"", principal.subject)
        line.writeMember(",\"user\":\"", principal.user)
        line.writeMember(",\"api_key\":\"", principal.apiKeyID)
        line.writeMember(",\"authorizer\":\"", principal.authorizer)
    }

    private static func writeBackend(_ call: LoggedCall, to line: inout LineWriter) {
        guard let backend = call.record.backend else { return }
        line.writeMember(",\"backend\":\"", backend)
        line.writeMember(",\"target\":\"", call.record.target)
        if call.record.backendStatus != 0 { line.writeMember(",\"backend_status\":", call.record.backendStatus) }
        if call.record.sentToBackendAt != 0 {
            line.write(",\"backend_ms\":")
            line.writeMilliseconds(call.durations.backend)
        }
        line.writeMember(",\"attempts\":", call.record.attempts)
    }
}

extension LineWriter {
    @inline(__always)
    fileprivate mutating func writeMember(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        write(name)
        write(text.utf8.span, escaping: .json)
        write(UInt8(ascii: "\""))
    }

    @inline(__always)
    fileprivate mutating func writeMember(_ name: StaticString, _ range: ByteRange, of head: Span<UInt8>) {
        if range.isEmpty || range.end > head.count { return }
        write(name)
        write(head.extracting(range.range), escaping: .json)
        write(UInt8(ascii: "\""))
    }

    @inline(__always)
    fileprivate mutating func writeMember(_ name: StaticString, _ number: Int) {
        write(name)
        write(number)
    }
}
