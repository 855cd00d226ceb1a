import Model
import NIOCore
import NIOEmbedded
import Testing

@testable import Exchange
@testable import Listen

struct HTTP1ConnectionTests {
    private static let get = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    private static let lastGet = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    private static func reply(_ exchange: Exchange) {
        exchange.client?.send(Reply(status: 200, body: ByteBuffer(string: "fine")))
    }

    /// Begins an answer of a backend.
    private static func sendHead(_ framing: BodyFraming, to client: any ClientStream) {
        var head = ResponseHead()
        head.bytes = ByteBuffer(string: "HTTP/1.1 200 Fine\r\n\r\n")
        head.status = 200
        head.framing = framing
        client.send(head)
    }

    @Test func `an answer that ends its connection is not the client's doing`() throws {
        let server = ScriptedServer()
        server.answer = Self.reply
        let channel = try server.connect()
        try channel.writeInbound(Self.lastGet)
        #expect(try channel.sent().hasSuffix("Connection: close\r\n\r\nfine"))
        #expect(!channel.isActive)
        #expect(server.ended.map(\.record.status) == [200])
        #expect(server.ended.map(\.record.cause) == [nil])
    }

    @Test func `an answer after which its connection lingers leaves once`() throws {
        let server = ScriptedServer()
        server.answer = Self.reply
        let channel = try server.connect()
        var more = Self.lastGet
        more.writeImmutableBuffer(Self.get)
        try channel.writeInbound(more)
        #expect(try channel.sent().split(separator: "HTTP/1.1 200 OK").count == 1)
        #expect(server.ended.count == 1)
    }

    @Test func `a message that can't be understood is logged with the address that it came from`() throws {
        let server = ScriptedServer()
        server.answer = Self.reply
        let first = try server.connect(from: "192.0.2.7")
        try first.writeInbound(Self.get)
        let second = try server.connect(from: "198.51.100.9")
        try second.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost : x\r\n\r\n"))
        #expect(try second.sent().hasPrefix("HTTP/1.1 400 "))
        #expect(server.ended.map(\.client) == ["192.0.2.7", "198.51.100.9"])
    }

    @Test func `a client that pipelines and reads nothing is served no further`() throws {
        let server = ScriptedServer()
        server.answer = Self.reply
        let channel = try server.connect()
        try channel.writeInbound(Self.get)
        channel.setWritable(false)
        for _ in 0..<3 { try channel.writeInbound(Self.get) }
        #expect(server.ended.count == 1)
        channel.setWritable(true)
        #expect(server.ended.count == 4)
        #expect(try channel.sent().split(separator: "HTTP/1.1 200 OK").count == 4)
    }

    @Test func `answers to pipelined requests leave before they have grown large`() throws {
        let server = ScriptedServer()
        let body = ByteBuffer(repeating: UInt8(ascii: "b"), count: 4_000)
        server.answer = { $0.client?.send(Reply(status: 200, body: body)) }
        let channel = try server.connect()
        var requests = ByteBuffer()
        for _ in 0..<100 { requests.writeImmutableBuffer(Self.get) }
        try channel.writeInbound(requests)
        var written: [Int] = []
        while let part = try channel.readOutbound(as: ByteBuffer.self) { written.append(part.readableBytes) }
        #expect(written.count > 10 && written.allSatisfy { $0 < 40_000 })
        #expect(try channel.sent().count > 0, "the rest leaves at the end of the turn")
    }

    @Test func `what was flushed leaves although the call is given up in the same turn`() throws {
        let server = ScriptedServer()
        let channel = try server.connect()
        try channel.writeInbound(Self.get)
        let client = try #require(server.open.first?.client)
        Self.sendHead(.length(10), to: client)
        client.sendBody(ByteBuffer(string: "half"))
        client.flush()
        client.abort("backend.closed-mid-response")
        #expect(try channel.sent().hasSuffix("half"))
        #expect(!channel.isActive)
    }

    @Test func `what a pipelining client sends is not gathered without bounds while it reads nothing`() throws {
        let server = ScriptedServer()
        server.answer = Self.reply
        let channel = try server.connect()
        channel.setWritable(false)
        for _ in 0..<3 { try channel.writeInbound(ByteBuffer(repeating: UInt8(ascii: "G"), count: 30_000)) }
        let reading = channel.options.filter { $0.option is ChannelOptions.Types.AutoReadOption }
        #expect(reading.map { $0.value as? Bool } == [false])
        #expect(server.open.isEmpty)
    }

    @Test func `an answer is sent although the body that it did not wait for is malformed`() throws {
        let server = ScriptedServer()
        let channel = try server.connect()
        let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        try channel.writeInbound(ByteBuffer(string: head))
        try channel.writeInbound(ByteBuffer(string: "no chunk\r\n"))
        let exchange = try #require(server.open.first)
        Self.reply(exchange)
        exchange.client?.flush()
        #expect(try channel.sent().hasSuffix("fine"))
        #expect(server.ended.map(\.record.status) == [200])
    }

    // MARK: A request's body while its answer is sent

    /// A call whose answer has begun before its body of four bytes has come.
    private static func callWithBody(_ server: ScriptedServer) throws -> EmbeddedChannel {
        server.answer = { $0.integration = BodyTaker() }
        let channel = try server.connect()
        try channel.writeInbound(ByteBuffer(string: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"))
        let client = try #require(server.open.first?.client)
        client.resumeRequestBody()
        Self.sendHead(.chunked, to: client)
        client.flush()
        return channel
    }

    @Test func `a client that does not read is given up, though its request ends meanwhile`() throws {
        let server = ScriptedServer(limits: Limits(bodyIdleTimeout: .nanoseconds(1)))
        let channel = try Self.callWithBody(server)
        channel.setWritable(false)
        try channel.writeInbound(ByteBuffer(string: "body"))
        // The first look remembers how far the client is, the second one sees that it is no further.
        for _ in 0..<2 { _ = server.worker.deadlines.sweep(now: server.worker.now + 1_000_000_000) }
        #expect(!channel.isActive)
        #expect(server.ended.map(\.record.cause) == ["client.write-timeout"])
    }

    @Test func `a client that has caught up reading still has to send its body`() throws {
        let server = ScriptedServer(limits: Limits(bodyIdleTimeout: .nanoseconds(1)))
        let channel = try Self.callWithBody(server)
        channel.setWritable(false)
        channel.setWritable(true)
        _ = server.worker.deadlines.sweep(now: server.worker.now + 1_000_000_000)
        #expect(!channel.isActive)
        #expect(server.ended.map(\.record.cause) == ["client.body-timeout"])
    }

    // MARK: Stopping

    @Test func `a stopping server answers the request that is on its way on an idle connection`() throws {
        let server = ScriptedServer()
        server.answer = Self.reply
        let channel = try server.connect()
        try channel.writeInbound(Self.get)
        _ = try channel.sent()
        let drained = server.drain()
        server.loop.run()
        #expect(channel.isActive)
        try channel.writeInbound(Self.get)
        #expect(try channel.sent().hasSuffix("Connection: close\r\n\r\nfine"))
        #expect(!channel.isActive)
        try drained.wait()
    }

    @Test func `a stopping server closes connections that stay idle`() throws {
        let server = ScriptedServer()
        let channel = try server.connect()
        let drained = server.drain()
        server.loop.run()
        let second: UInt64 = 1_000_000_000
        _ = server.worker.deadlines.sweep(now: server.worker.now + second)
        #expect(!channel.isActive)
        try drained.wait()
        #expect(server.connectionCount == 0)
    }

    @Test func `a call whose answer had begun before the stop does not leave its connection open`() throws {
        let server = ScriptedServer()
        let channel = try server.connect()
        try channel.writeInbound(Self.get)
        let client = try #require(server.open.first?.client)
        Self.sendHead(.chunked, to: client)
        let drained = server.drain()
        server.loop.run()
        client.sendEnd(trailers: nil)
        client.flush()
        #expect(try channel.sent().hasSuffix("0\r\n\r\n"))
        let second: UInt64 = 1_000_000_000
        _ = server.worker.deadlines.sweep(now: server.worker.now + second)
        #expect(!channel.isActive)
        try drained.wait()
    }
}
