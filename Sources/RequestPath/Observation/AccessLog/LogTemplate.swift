internal import Exchange
internal import Model
internal import NIOCore

/// A template of the access log in the form in which lines are written from it.
struct LogTemplate: Sendable {
    /// Text and the variable after it.
    private struct Part {
        let literal: Range<Int>
        let variable: AccessLogVariable
    }

    private let parts: [Part]
    /// What follows the last variable, with the line's end.
    private let tail: Range<Int>
    /// The text of all literals, one after the other.
    private let literals: [UInt8]
    private let escaping: LogEscaping

    init(_ template: AccessLogTemplate) {
        var parts: [Part] = []
        var literals: [UInt8] = []
        var start = 0
        for part in template.parts {
            switch part {
            case .literal(let text): literals += text.utf8
            case .variable(let variable):
                parts.append(Part(literal: start..<literals.count, variable: variable))
                start = literals.count
            }
        }
        literals.append(UInt8(ascii: "\n"))
        self.parts = parts
        self.literals = literals
        tail = start..<literals.count
        escaping = literals.first == UInt8(ascii: "{") ? .json : .text
    }

    func write(_ call: LoggedCall, clock: inout WallClock, to buffer: inout ByteBuffer) {
        for part in parts {
            unsafe buffer.writeBytes(literals.span.extracting(part.literal).bytes)
            let start = buffer.writerIndex
            write(part.variable, of: call, clock: &clock, to: &buffer)
            if buffer.writerIndex == start { buffer.writeInteger(UInt8(ascii: "-")) }
        }
        unsafe buffer.writeBytes(literals.span.extracting(tail).bytes)
    }

    /// Writes a variable's value; nothing when it has none.
    private func write(
        _ variable: AccessLogVariable,
        of call: LoggedCall,
        clock: inout WallClock,
        to buffer: inout ByteBuffer
    ) {
        let request = call.exchange.request
        let record = call.record
        switch variable {
        case .apiID: write(call.exchange.route?.api, to: &buffer)
        case .stage: write(call.exchange.route?.stage, to: &buffer)
        case .routeKey: write(call.exchange.route?.routeKey, to: &buffer)
        case .resourcePath: write(call.exchange.route?.resourcePath, to: &buffer)
        case .requestID: call.exchange.requestID.write(to: &buffer)
        case .requestTime: clock.writeCommonLogTime(call.receivedAt, to: &buffer)
        case .requestTimeEpoch: buffer.writeDecimal(UInt(call.receivedAt / 1_000_000))
        case .method: write(request.method, of: call, to: &buffer)
        case .path: call.writePath(to: &buffer, escaping: escaping)
        case .httpProtocol:
            if call.hasRequestLine { buffer.writeStaticString(request.version == .http11 ? "HTTP/1.1" : "HTTP/1.0") }
        case .domainName: write(call.domainName, of: call, to: &buffer)
        case .domainPrefix: write(call.domainPrefix, of: call, to: &buffer)
        case .sourceIP: call.exchange.peer.write(to: &buffer)
        case .userAgent: write(call.field(.userAgent), of: call, to: &buffer)
        case .traceID: write(call.field(.traceparent), of: call, to: &buffer)
        case .requestLength: buffer.writeDecimal(record.requestBytes)
        case .status: buffer.writeDecimal(record.status)
        case .responseLength: buffer.writeDecimal(record.responseBytes)
        case .responseLatency: buffer.writeDecimal(UInt(call.durations.total / 1_000_000))
        case .dataProcessed: buffer.writeDecimal(record.requestBytes + record.responseBytes)
        case .integrationStatus: if record.backendStatus != 0 { buffer.writeDecimal(record.backendStatus) }
        case .integrationLatency:
            if record.sentToBackendAt != 0 { buffer.writeDecimal(UInt(call.durations.backend / 1_000_000)) }
        case .integrationError: write(call.backendCause?.text, to: &buffer)
        case .backend: write(record.backend, to: &buffer)
        case .target: write(record.target, to: &buffer)
        case .attempts: buffer.writeDecimal(record.attempts)
        case .cause: write(record.cause?.text, to: &buffer)
        case .quotedCause:
            buffer.writeInteger(UInt8(ascii: "\""))
            write(record.cause?.text ?? "-", to: &buffer)
            buffer.writeInteger(UInt8(ascii: "\""))
        case .overhead: buffer.writeDecimal(UInt(call.durations.overhead / 1_000))
        case .valueless: break
        }
    }

    private func write(_ text: String?, to buffer: inout ByteBuffer) {
        if let text { buffer.writeLogged(text.utf8.span, escaping: escaping) }
    }

    private func write(_ range: ByteRange, of call: LoggedCall, to buffer: inout ByteBuffer) {
        buffer.writeLogged(range, of: call.head, escaping: escaping)
    }
}
