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
        escaping = template.isJSON ? .json : .text
    }

    func write(_ call: LoggedCall, clock: inout WallClock, to line: inout LineWriter) {
        let head = call.request.bytes.readableBytesUInt8Span
        for part in parts {
            line.write(literals.span.extracting(part.literal))
            let start = line.count
            write(part.variable, of: call, head: head, clock: &clock, to: &line)
            if line.count == start { line.write("-") }
        }
        line.write(literals.span.extracting(tail))
    }

    /// Writes a variable's value; nothing when it has none.
    private func write(
        _ variable: AccessLogVariable,
        of call: LoggedCall,
        head: Span<UInt8>,
        clock: inout WallClock,
        to line: inout LineWriter
    ) {
        let record = call.record
        switch variable {
        case .apiID: write(call.route?.api, to: &line)
        case .stage: write(call.route?.stage, to: &line)
        case .version: write(call.route?.version, to: &line)
        case .routeKey: write(call.route?.routeKey, to: &line)
        case .resourcePath: write(call.route?.resourcePath, to: &line)
        case .requestID: call.requestID.withText { line.write($0) }
        case .requestTime: clock.writeCommonLogTime(call.receivedAt, to: &line)
        case .requestTimeEpoch: line.write(call.receivedAt / 1_000_000)
        case .method: line.write(call.request.method, of: head, escaping: escaping)
        case .path: line.write(call.path.range, of: call.path.buffer.readableBytesUInt8Span, escaping: escaping)
        case .httpProtocol: if call.hasRequestLine { line.write(call.request.version.text) }
        case .domainName: line.write(call.domainName(in: head), of: head, escaping: escaping)
        case .domainPrefix: line.write(call.domainPrefix(in: head), of: head, escaping: escaping)
        case .sourceIP: call.client.withText { line.write($0) }
        case .userAgent: line.write(call.field(.userAgent), of: head, escaping: escaping)
        case .clientCertificatePEM: write(call.certificate?.pem, to: &line)
        case .clientCertificateSubject: write(call.certificate?.subject, to: &line)
        case .clientCertificateIssuer: write(call.certificate?.issuer, to: &line)
        case .clientCertificateSerialNumber: write(call.certificate?.serialNumber, to: &line)
        case .clientCertificateNotBefore: write(call.certificate?.notBefore, to: &line)
        case .clientCertificateNotAfter: write(call.certificate?.notAfter, to: &line)
        case .claim(let name): write(call.principal?.claim(name), to: &line)
        case .customer: write(call.principal?.customer, to: &line)
        case .principalID: write(call.principal?.id, to: &line)
        case .authorizerName: write(call.principal?.authorizer, to: &line)
        case .apiKeyID: write(call.principal?.apiKeyID, to: &line)
        case .user: write(call.principal?.user, to: &line)
        case .scopes: write(call.principal?.scopeText, to: &line)
        case .traceID: line.write(call.field(.traceparent), of: head, escaping: escaping)
        case .requestLength: line.write(record.requestBytes)
        case .status: line.write(record.status)
        case .responseLength: line.write(record.responseBytes)
        case .responseLatency: line.write(call.durations.total / 1_000_000)
        case .dataProcessed: line.write(record.requestBytes + record.responseBytes)
        case .integrationStatus: if record.backendStatus != 0 { line.write(record.backendStatus) }
        case .integrationLatency: if record.sentToBackendAt != 0 { line.write(call.durations.backend / 1_000_000) }
        case .integrationError: write(call.backendCause?.text, to: &line)
        case .backend: write(record.backend, to: &line)
        case .target: write(record.target, to: &line)
        case .attempts: line.write(record.attempts)
        case .cause: write(record.cause?.text, to: &line)
        case .quotedCause:
            line.write("\"")
            write(record.cause?.text ?? "-", to: &line)
            line.write("\"")
        case .overhead: line.write(call.durations.overhead / 1_000)
        case .valueless: break
        }
    }

    private func write(_ text: String?, to line: inout LineWriter) {
        if let text { line.write(text.utf8.span, escaping: escaping) }
    }
}

extension HTTPVersion {
    /// As a request line has it.
    fileprivate var text: StaticString {
        switch self {
        case .http10: "HTTP/1.0"
        case .http11: "HTTP/1.1"
        case .http2: "HTTP/2.0"
        }
    }
}
