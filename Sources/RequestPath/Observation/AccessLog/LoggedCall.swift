internal import Exchange
internal import NIOCore

/// What a line tells of a call, drawn from its exchange once.
struct LoggedCall {
    let exchange: Exchange
    let record: ExchangeRecord
    let durations: CallDurations
    /// When the head was complete, in wall nanoseconds since 1970; when the call ended, if it never was.
    let receivedAt: UInt64
    /// The request's head; empty when none could be parsed.
    let head: ByteBuffer

    init(_ exchange: Exchange, clock: inout WallClock) {
        self.exchange = exchange
        record = exchange.record
        durations = CallDurations(record)
        let known = record.receivedAt != 0 ? record.receivedAt : record.endedAt
        receivedAt = clock.wallNanoseconds(at: known != 0 ? known : exchange.worker.now)
        head = exchange.request.bytes
    }

    /// Whether a request line was understood, so that there are a method and a version.
    var hasRequestLine: Bool { !exchange.request.method.isEmpty }

    /// Where the value of a header field stands in the head; empty when there is none.
    func field(_ name: FieldName) -> ByteRange { exchange.request.section.first(name)?.value ?? ByteRange() }

    /// The host without its port.
    var domainName: ByteRange {
        var host = exchange.request.authority
        let bytes = head.readableBytesUInt8Span
        guard host.end <= bytes.count else { return ByteRange() }
        var index = host.end - 1
        while index >= Int(host.start), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) { index -= 1 }
        if index >= Int(host.start), bytes[index] == UInt8(ascii: ":") { host.count = UInt32(index) - host.start }
        return host
    }

    /// The first label of the domain name.
    var domainPrefix: ByteRange {
        var label = domainName
        let bytes = head.readableBytesUInt8Span
        for index in label.range where bytes[index] == UInt8(ascii: ".") {
            label.count = UInt32(index) - label.start
            break
        }
        return label
    }

    /// Why the backend failed; `nil` when the gateway's answer had another reason.
    var backendCause: Cause? {
        guard let cause = record.cause, cause.text.utf8.starts(with: "backend.".utf8) else { return nil }
        return cause
    }

    /// Writes the path that was matched, or the one received when it did not come to that.
    func writePath(to buffer: inout ByteBuffer, escaping: LogEscaping) {
        let path = exchange.path
        if path.range.isEmpty {
            buffer.writeLogged(exchange.request.path, of: head, escaping: escaping)
        } else {
            buffer.writeLogged(path.range, of: path.buffer, escaping: escaping)
        }
    }

    /// Whether `writePath` writes anything.
    var hasPath: Bool { !(exchange.path.range.isEmpty && exchange.request.path.isEmpty) }
}
