import Exchange
import NIOCore
import NIOEmbedded

@testable import Observation

/// A call with values that tests look for; change what a test is about.
struct SampleCall {
    var method = "GET"
    var path = Array("/orders/7".utf8)
    var query = "page=2"
    var host = "api.test.com:8080"
    var userAgent: [UInt8]? = Array("curl/8.5".utf8)
    var traceparent: String?
    var route: RouteIdentity? = SampleCall.route
    var record = SampleCall.record

    static let route = RouteIdentity(
        api: "orders",
        stage: "$default",
        routeKey: "GET /orders/{id}",
        resourcePath: "/orders/{id}",
        index: 0
    )

    /// A GET that took 12.345678 ms, 12 of them at the backend.
    static let record: ExchangeRecord = {
        var record = ExchangeRecord()
        record.receivedAt = 1_000_000_000
        record.sentToBackendAt = record.receivedAt + 200_000
        record.backendAnsweredAt = record.receivedAt + 11_000_000
        record.backendEndedAt = record.receivedAt + 12_200_000
        record.endedAt = record.receivedAt + 12_345_678
        record.status = 200
        record.backendStatus = 200
        record.responseBytes = 512
        record.attempts = 1
        record.backend = "orders"
        record.target = "10.0.0.1:9001"
        return record
    }()

    /// A call that did not get past the gateway.
    static func refused(status: Int, cause: Cause) -> SampleCall {
        var call = SampleCall()
        call.record = ExchangeRecord()
        call.record.receivedAt = 1_000_000_000
        call.record.endedAt = 1_000_050_000
        call.record.status = status
        call.record.cause = cause
        return call
    }

    /// An answer to bytes that are no request.
    static var malformed: SampleCall {
        var call = refused(status: 400, cause: "wire.request-line")
        call.route = nil
        return call
    }

    /// The exchange of the call.
    func exchange(on eventLoop: any EventLoop = EmbeddedEventLoop(), hasHead: Bool = true) -> Exchange {
        let exchange = Exchange(worker: WorkerContext(eventLoop: eventLoop, seed: 1))
        if hasHead {
            exchange.request = head
            exchange.path = CanonicalPath(buffer: exchange.request.bytes, range: exchange.request.path)
        }
        exchange.clientAddress = PeerAddress(text: Array("192.0.2.7".utf8).span, bytes: [192, 0, 2, 7].span)
        exchange.requestID = RequestID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
        exchange.route = route
        exchange.record = record
        return exchange
    }

    private var head: RequestHead {
        var head = RequestHead()
        func write(_ bytes: some Sequence<UInt8>) -> ByteRange {
            let start = head.bytes.writerIndex
            return ByteRange(start: start, count: head.bytes.writeBytes(bytes))
        }
        head.method = write(method.utf8)
        _ = write(" ".utf8)
        head.path = write(path)
        _ = write("?".utf8)
        head.query = write(query.utf8)
        head.hasQuery = true
        _ = write(" HTTP/1.1\r\nHost: ".utf8)
        head.authority = write(host.utf8)
        for (name, value) in [(FieldName.userAgent, userAgent), (.traceparent, traceparent.map { Array($0.utf8) })] {
            guard let value else { continue }
            _ = write("\r\n".utf8)
            let nameRange = write("\(name.text)".utf8)
            _ = write(": ".utf8)
            head.section.fields.append(
                Field(name: nameRange, value: write(value), known: name, isCanonical: true)
            )
            head.section.names.insert(FieldNameSet(name))
        }
        _ = write("\r\n\r\n".utf8)
        return head
    }

    /// The call's line in a format, at a wall time.
    func line(_ format: AccessLogFormat, wall: UInt64 = 1_777_863_721_987_000_000, hasHead: Bool = true) -> [UInt8] {
        let received = record.receivedAt
        var clock = WallClock { wall &- received }
        var buffer = ByteBuffer()
        format.write(exchange(hasHead: hasHead), clock: &clock, to: &buffer)
        return Array(buffer.readableBytesView)
    }
}
