import Exchange
import Model
import NIOCore
import NIOEmbedded
import Testing

@testable import Integrations

struct ProxyCallTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let put = "PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static let answer = ByteBuffer(string: "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok")

    @Test func `a call takes an idle connection, and gives it back before the client's side goes on`() throws {
        let backend = try EmbeddedBackend()
        try backend.endpoint.release(backend.open(), now: 0)
        let (_, client) = try backend.call(Self.get)
        let request = try backend.received(by: backend.channels[0])
        #expect(request.hasPrefix("GET /a HTTP/1.1\r\nHost: 192.0.2.1\r\n"))
        try backend.channels[0].writeInbound(Self.answer)
        #expect(client.events == ["head 200", "body ok", "end"])
        #expect(backend.upstream.status().map(\.idle) == [1])
    }

    /// A backend breaks off in the middle of a body. What comes before the next connection is there must not be lost, even
    /// when it is more than is kept for another attempt.
    @Test(arguments: [10, 100])
    func `a body that goes on between two attempts arrives whole`(limit: Int) throws {
        let retry = Backend.Retry(budget: 1, bodyBytes: limit)
        let backend = try EmbeddedBackend(.sample(retry: retry))
        let endpoint = try backend.endpoint
        let (broken, busy) = (try backend.open(), try backend.open())
        // With its limit lowered the pool opens no other connection, so that the second attempt waits in line.
        try backend.apply(.sample(retry: retry, pool: Backend.Pool(maxConnections: 1)))
        let (exchange, client) = try backend.call(Self.put)
        let call = try #require(exchange.integration as? ProxyCall)
        endpoint.cancel(call)
        call.connected(broken)
        #expect(call.receiveBody(ByteBuffer(string: "first")))
        backend.loop.run()
        try backend.channels[0].close().wait()
        #expect(exchange.record.attempts == 2)
        #expect(!call.receiveBody(ByteBuffer(string: "second, longer than ten bytes")))
        call.receiveEnd(trailers: ByteBuffer(string: "X-Sum: 1\r\n"))
        endpoint.cancel(call)
        call.connected(busy)
        let request = try backend.received(by: backend.channels[1])
        let body = try #require(request.split(separator: "\r\n\r\n", maxSplits: 1).last)
        #expect(body == "22\r\nfirstsecond, longer than ten bytes\r\n0\r\nX-Sum: 1\r\n\r\n")
        try backend.channels[1].writeInbound(Self.answer)
        #expect(client.events.suffix(3) == ["head 200", "body ok", "end"])
    }

    @Test func `a broken connection after the head was passed on ends the call for good`() throws {
        let backend = try EmbeddedBackend()
        try backend.endpoint.release(backend.open(), now: 0)
        let (exchange, client) = try backend.call(Self.get)
        try backend.channels[0].writeInbound(ByteBuffer(string: "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\no"))
        try backend.channels[0].close().wait()
        #expect(client.events == ["head 200", "body o", "abort"])
        #expect(client.cause == "backend.closed-mid-response")
        #expect(exchange.record.attempts == 1)
    }

    @Test func `a passed deadline tells waiting in line from the backend's slowness`() throws {
        let backend = try EmbeddedBackend()
        let connection = try backend.open()
        try backend.apply(.sample(pool: Backend.Pool(maxConnections: 1)))
        let (exchange, client) = try backend.call(Self.get)
        (exchange.integration as? ProxyCall)?.deadlinePassed()
        #expect(client.cause == "backend.pool-timeout")

        try backend.endpoint.release(connection, now: 0)
        let (slow, other) = try backend.call(Self.get)
        (slow.integration as? ProxyCall)?.deadlinePassed()
        #expect(other.cause == "backend.timeout")
        #expect(backend.upstream.status().map(\.totals.failures) == [1])
    }

    @Test func `a client that has left gets nothing, and leaves nothing behind`() throws {
        let backend = try EmbeddedBackend()
        try backend.endpoint.release(backend.open(), now: 0)
        let (exchange, client) = try backend.call(Self.get)
        exchange.integration?.cancel()
        #expect(client.events.isEmpty)
        #expect(!backend.channels[0].isActive)
        #expect(backend.upstream.status().map { [$0.active, $0.open, $0.totals.failures] } == [[0, 0, 0]])
    }

    @Test func `bytes that nobody asked for close an idle connection`() throws {
        let backend = try EmbeddedBackend()
        try backend.endpoint.release(backend.open(), now: 0)
        try backend.channels[0].writeInbound(Self.answer)
        #expect(!backend.channels[0].isActive)
        #expect(backend.upstream.status().map { [$0.open, $0.idle] } == [[0, 0]])
    }

    /// Takes its time to close, as TLS does.
    private final class SlowClosing: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {}
    }

    @Test func `a connection that is being closed is not given to anybody`() throws {
        let backend = try EmbeddedBackend()
        let connection = try backend.open()
        try backend.channels[0].pipeline.syncOperations.addHandler(SlowClosing(), position: .first)
        try backend.endpoint.release(connection, now: 0)
        connection.deadlinePassed()
        #expect(backend.channels[0].isActive)
        #expect(backend.upstream.status().map { [$0.open, $0.idle] } == [[0, 0]])
    }

    /// A connection that served others may end, or bring what nobody asked for, as it is chosen for a call. Nothing was sent on it
    /// then, so that even a POST can go elsewhere.
    @Test(arguments: [true, false])
    func `what happens to a connection before a request was written on it does not concern the request`(
        isAnswered: Bool
    ) throws {
        let backend = try EmbeddedBackend()
        let endpoint = try backend.endpoint
        let (stale, other) = (try backend.open(), try backend.open())
        endpoint.release(stale, now: 0)
        try backend.apply(.sample(pool: Backend.Pool(maxConnections: 1)))
        let (exchange, client) = try backend.call("POST /a HTTP/1.1\r\nHost: x\r\n\r\n", isWritten: false)
        if isAnswered {
            try backend.channels[0].writeInbound(Self.answer)
        } else {
            backend.channels[0].pipeline.fireChannelInactive()
        }
        #expect(client.events.isEmpty)
        #expect(try backend.received(by: backend.channels[0]).isEmpty)
        let call = try #require(exchange.integration as? ProxyCall)
        endpoint.cancel(call)
        call.connected(other)
        #expect(try backend.received(by: backend.channels[1]).hasPrefix("POST /a HTTP/1.1\r\n"))
        try backend.channels[1].writeInbound(Self.answer)
        #expect(client.events == ["head 200", "body ok", "end"])
        #expect(exchange.record.attempts == 1)
    }

    /// Has more written while it is flushed, as a channel does that can be written to again.
    private final class Hungry: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var onFlush: (() -> Void)?

        func flush(context: ChannelHandlerContext) {
            context.flush()
            let more = onFlush
            onFlush = nil
            more?()
        }
    }

    @Test func `a part of a body that comes while others are written is not lost`() throws {
        let backend = try EmbeddedBackend()
        try backend.endpoint.release(backend.open(), now: 0)
        let hungry = Hungry()
        try backend.channels[0].pipeline.syncOperations.addHandler(hungry, position: .first)
        let (exchange, _) = try backend.call(Self.put, isWritten: false)
        let call = try #require(exchange.integration as? ProxyCall)
        hungry.onFlush = {
            _ = call.receiveBody(ByteBuffer(string: "more"))
            call.flush()
        }
        #expect(try backend.received(by: backend.channels[0]).hasSuffix("\r\n\r\n4\r\nmore\r\n"))
    }

    @Test func `bytes after an answer keep its connection from being used again`() throws {
        let backend = try EmbeddedBackend()
        try backend.endpoint.release(backend.open(), now: 0)
        let (_, client) = try backend.call(Self.get)
        var twice = Self.answer
        twice.writeImmutableBuffer(Self.answer)
        try backend.channels[0].writeInbound(twice)
        #expect(client.events == ["head 200", "body ok", "end"])
        #expect(!backend.channels[0].isActive)
    }
}
