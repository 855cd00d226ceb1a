import Model
import NIOCore
import NIOHTTP2
import Testing

@testable import Exchange
@testable import Listen

/// Calls over HTTP/2 whose answers break off.
struct HTTP2BrokenCallTests {
    private static func head() -> ResponseHead {
        var head = ResponseHead()
        head.status = 200
        head.framing = .chunked
        return head
    }

    @Test func `a call that ends as it takes its body leaves nothing to the next stream`() throws {
        let server = ScriptedServer()
        let peer = try HTTP2Peer(server)
        let broken = BreakingCall()
        server.answer = { exchange in
            exchange.integration = broken
            broken.client = exchange.client
            exchange.client?.send(Self.head())
            exchange.client?.flush()
        }
        try peer.request("POST", on: 1)
        broken.client?.resumeRequestBody()
        try peer.send(body: "x", on: 1)
        #expect(peer.take().last == .reset(1, .internalError))
        let taker = FlushedTaker()
        server.answer = { $0.integration = taker }
        try peer.request("POST", on: 3)
        try peer.send(body: "x", on: 3)
        #expect(taker.received == 0)
        server.open.first?.client?.resumeRequestBody()
        try peer.exchangeBytes()
        #expect((taker.received, taker.flushed) == (1, 1))
    }

    @Test func `a connection that ends with its last stream says how that one ended`() throws {
        let server = ScriptedServer()
        let peer = try HTTP2Peer(server)
        try peer.get(on: 1)
        let client = try #require(server.open.first?.client)
        client.send(Self.head())
        client.flush()
        _ = server.drain()
        try peer.exchangeBytes()
        _ = server.worker.deadlines.sweep(now: server.worker.now + 2_000_000_000)
        try peer.exchangeBytes()
        #expect(peer.take().last == .goAway(1, .noError))
        client.abort("backend.closed-mid-response")
        try peer.exchangeBytes()
        #expect(peer.take() == [.reset(1, .internalError)])
    }
}

/// An integration whose backend goes away as it is sent the request's body.
private final class BreakingCall: IntegrationCall {
    var client: (any ClientStream)?

    func receiveBody(_ part: ByteBuffer) -> Bool {
        client?.abort("backend.closed-mid-response")
        return true
    }

    func receiveEnd(trailers: ByteBuffer?) {}

    func flush() {}

    func setClientWritable(_ isWritable: Bool) {}

    func cancel() {}
}

/// An integration that notes how much of a body it was given, and how much of that has left.
private final class FlushedTaker: IntegrationCall {
    private(set) var received = 0
    private(set) var flushed = 0

    func receiveBody(_ part: ByteBuffer) -> Bool {
        received += part.readableBytes
        return true
    }

    func receiveEnd(trailers: ByteBuffer?) {}

    func flush() { flushed = received }

    func setClientWritable(_ isWritable: Bool) {}

    func cancel() {}
}
