internal import Exchange
internal import NIOCore

/// The built-in format: one JSON object a line, its members in a fixed order. Members without a value are left out.
enum JSONLine {
    static func write(_ call: LoggedCall, clock: inout WallClock, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("{\"time\":\"")
        clock.writeISO8601(call.receivedAt, to: &buffer)
        buffer.writeStaticString("\",\"request_id\":\"")
        call.exchange.requestID.write(to: &buffer)
        buffer.writeStaticString("\",\"client\":\"")
        call.exchange.peer.write(to: &buffer)
        buffer.writeStaticString("\"")
        writeRequest(call, to: &buffer)
        writeResponse(call, to: &buffer)
        writeRoute(call, to: &buffer)
        writeBackend(call.record, call.durations, to: &buffer)
        if let cause = call.record.cause { buffer.writeMember(",\"cause\":\"", cause.text) }
        buffer.writeMember(",\"user_agent\":\"", call.field(.userAgent), of: call.head)
        buffer.writeStaticString("}\n")
    }

    private static func writeRequest(_ call: LoggedCall, to buffer: inout ByteBuffer) {
        let request = call.exchange.request
        buffer.writeMember(",\"method\":\"", request.method, of: call.head)
        buffer.writeMember(",\"host\":\"", request.authority, of: call.head)
        if call.hasPath {
            buffer.writeStaticString(",\"path\":\"")
            call.writePath(to: &buffer, escaping: .json)
            buffer.writeStaticString("\"")
        }
        buffer.writeMember(",\"query\":\"", request.query, of: call.head)
        if call.hasRequestLine {
            buffer.writeStaticString(
                request.version == .http11 ? ",\"protocol\":\"HTTP/1.1\"" : ",\"protocol\":\"HTTP/1.0\""
            )
        }
    }

    private static func writeResponse(_ call: LoggedCall, to buffer: inout ByteBuffer) {
        buffer.writeMember(",\"status\":", call.record.status)
        buffer.writeMember(",\"bytes_in\":", call.record.requestBytes)
        buffer.writeMember(",\"bytes_out\":", call.record.responseBytes)
        buffer.writeStaticString(",\"duration_ms\":")
        buffer.writeMilliseconds(nanoseconds: call.durations.total)
    }

    private static func writeRoute(_ call: LoggedCall, to buffer: inout ByteBuffer) {
        guard let route = call.exchange.route else { return }
        buffer.writeMember(",\"api\":\"", route.api)
        buffer.writeMember(",\"stage\":\"", route.stage)
        buffer.writeMember(",\"route\":\"", route.routeKey)
    }

    private static func writeBackend(_ record: ExchangeRecord, _ durations: CallDurations, to buffer: inout ByteBuffer)
    {
        guard let backend = record.backend else { return }
        buffer.writeMember(",\"backend\":\"", backend)
        if let target = record.target { buffer.writeMember(",\"target\":\"", target) }
        if record.backendStatus != 0 { buffer.writeMember(",\"backend_status\":", record.backendStatus) }
        if record.sentToBackendAt != 0 {
            buffer.writeStaticString(",\"backend_ms\":")
            buffer.writeMilliseconds(nanoseconds: durations.backend)
        }
        buffer.writeMember(",\"attempts\":", record.attempts)
    }
}

extension ByteBuffer {
    fileprivate mutating func writeMember(_ name: StaticString, _ text: String) {
        writeStaticString(name)
        writeLogged(text.utf8.span, escaping: .json)
        writeInteger(UInt8(ascii: "\""))
    }

    fileprivate mutating func writeMember(_ name: StaticString, _ range: ByteRange, of head: ByteBuffer) {
        if range.isEmpty || range.end > head.readableBytes { return }
        writeStaticString(name)
        writeLogged(range, of: head, escaping: .json)
        writeInteger(UInt8(ascii: "\""))
    }

    fileprivate mutating func writeMember(_ name: StaticString, _ number: Int) {
        writeStaticString(name)
        writeDecimal(number)
    }
}
