internal import Exchange
internal import NIOCore

/// What a line tells of a call: read from its exchange, and a few things that are found out once.
struct LoggedCall {
    private let exchange: Exchange
    let durations: CallDurations
    /// When the head was complete, in wall nanoseconds since 1970; when the call ended, if it never was.
    let receivedAt: UInt64

    init(_ exchange: Exchange, clock: inout WallClock) {
        self.exchange = exchange
        durations = CallDurations(exchange.record)
        let known = exchange.record.receivedAt != 0 ? exchange.record.receivedAt : exchange.record.endedAt
        receivedAt = clock.wallNanoseconds(at: known != 0 ? known : exchange.worker.now)
    }

    var record: ExchangeRecord { exchange.record }
    var requestID: RequestID { exchange.requestID }
    var client: PeerAddress { exchange.clientAddress }
    var certificate: ClientCertificate? { exchange.clientCertificate }
    var principal: Principal? { exchange.principal }
    var route: RouteIdentity? { exchange.route }
    /// The request; its ranges may lead nowhere when it was malformed.
    var request: RequestHead { exchange.request }

    /// The path that was matched, or the one received when it did not come to that.
    var path: CanonicalPath {
        let matched = exchange.path
        if !matched.range.isEmpty { return matched }
        return CanonicalPath(buffer: exchange.request.bytes, range: exchange.request.path)
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
