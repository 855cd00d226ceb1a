internal import Exchange
internal import NIOCore

/// What a line tells of a call, drawn from its exchange once.
struct LoggedCall {
    let record: ExchangeRecord
    let durations: CallDurations
    /// When the head was complete, in wall nanoseconds since 1970; when the call ended, if it never was.
    let receivedAt: UInt64
    let requestID: RequestID
    let client: PeerAddress
    let certificate: ClientCertificate?
    let principal: Principal?
    let route: RouteIdentity?
    /// The request; its ranges may lead nowhere when it was malformed.
    let request: RequestHead
    /// The path that was matched, or the one received when it did not come to that.
    let path: CanonicalPath

    init(_ exchange: Exchange, clock: inout WallClock) {
        record = exchange.record
        durations = CallDurations(record)
        let known = record.receivedAt != 0 ? record.receivedAt : record.endedAt
        receivedAt = clock.wallNanoseconds(at: known != 0 ? known : exchange.worker.now)
        requestID = exchange.requestID
        client = exchange.clientAddress
        certificate = exchange.clientCertificate
        principal = exchange.principal
        route = exchange.route
        request = exchange.request
        let matched = exchange.path
        path = matched.range.isEmpty ? CanonicalPath(buffer: request.bytes, range: request.path) : matched
    }

    /// Whether a request line was understood, so that there are a method and a version.
    var hasRequestLine: Bool { !request.method.isEmpty }

    /// Where the value of a header field stands in the head; empty when there is none.
    func field(_ name: FieldName) -> ByteRange { request.section.first(name)?.value ?? ByteRange() }

    /// Where the host without its port stands in the head.
    func domainName(in head: Span<UInt8>) -> ByteRange {
        var host = request.authority
        guard !host.isEmpty, host.end <= head.count else { return ByteRange() }
        var index = host.end - 1
        while index > Int(host.start), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(head[index]) { index -= 1 }
        if head[index] == UInt8(ascii: ":") { host.count = UInt32(index) - host.start }
        return host
    }

    /// Where the first label of the domain name stands in the head.
    func domainPrefix(in head: Span<UInt8>) -> ByteRange {
        var label = domainName(in: head)
        for index in label.range where head[index] == UInt8(ascii: ".") {
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
}
