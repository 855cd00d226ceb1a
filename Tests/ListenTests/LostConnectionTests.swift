import NIOCore
import NIOEmbedded
import Testing

@testable import Exchange
@testable import Listen

/// Connections that are lost, or have to end, before it is known what serves them.
struct LostConnectionTests {
    @Test(arguments: ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
    func `a connection that its client has reset after the first bytes counts no more`(first: String) throws {
        let server = ScriptedServer()
        server.answer = { exchange in exchange.client?.send(Reply(status: 200, body: ByteBuffer(string: "fine"))) }
        let channel = try server.connect(http2: true)
        try channel.pipeline.syncOperations.addHandler(ResetSocket(), position: .first)
        // What is left of the connection may throw whatever it likes.
        _ = try? channel.writeInbound(ByteBuffer(string: first))
        server.loop.run()
        #expect(!channel.isActive)
        #expect(server.connectionCount == 0)
    }

    @Test(arguments: [true, false])
    func `a connection that a stopping server takes in has a second for its first bytes`(isProxied: Bool) throws {
        let server = ScriptedServer()
        let idle = try server.connect()
        let drained = server.drain()
        let channel = try server.connect(proxied: isProxied, http2: !isProxied)
        server.loop.run()
        _ = server.worker.deadlines.sweep(now: server.worker.now + 1_000_000_000)
        #expect(!idle.isActive)
        #expect(!channel.isActive)
        server.loop.run()
        try drained.wait()
    }
}

/// Like the socket of a client that has reset its connection: the first write finds that out, and closes the channel at once.
private final class ResetSocket: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    func flush(context: ChannelHandlerContext) { context.close(promise: nil) }
}
