import Model
import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import Exchange
@testable import Listen

struct HTTP2ConnectionTests {
    private static func reply(_ exchange: Exchange) {
        exchange.client?.send(Reply(status: 200, body: ByteBuffer(string: "fine")))
    }

    /// The head of a backend's response.
    private static func response(_ status: Int, _ framing: BodyFraming) -> ResponseHead {
        var head = ResponseHead()
        head.status = status
        head.framing = framing
        return head
    }

    // MARK: Calls

    @Test func `a stream becomes a call, and its answer two frames`() throws {
        let server = ScriptedServer()
        var seen: [String] = []
        server.answer = { exchange in
            seen.append(String(buffer: exchange.request.bytes))
            Self.reply(exchange)
        }
        let peer = try HTTP2Peer(server)
        try peer.get("/a?b", on: 1)
        #expect(seen == ["GET /a?b HTTP/2.0\r\nhost: h.test\r\n\r\n"])
        #expect(
            peer.take() == [
                .headers(1, [":status: 200", "content-length: 4"], isLast: false), .data(1, "fine", isLast: true),
            ]
        )
        #expect(server.ended.map(\.record.status) == [200])
        #expect(server.ended.map(\.record.cause) == [nil])
    }

    @Test func `calls are answered in the order in which their answers come`() throws {
        let server = ScriptedServer()
        let peer = try HTTP2Peer(server)
        for id in [1, 3, 5] { try peer.get("/\(id)", on: id) }
        for exchange in server.open.reversed() { Self.reply(exchange) }
        try peer.exchangeBytes()
        let ids = peer.take().compactMap { if case .data(let id, _, _) = $0 { id } else { nil } }
        #expect(ids.sorted() == [1, 3, 5])
        #expect(server.ended.count == 3)
    }

    @Test func `an answer without a body is one frame`() throws {
        let server = ScriptedServer()
        server.answer = { exchange in
            exchange.client?.send(Self.response(204, .none))
            exchange.client?.sendEnd(trailers: nil)
        }
        let peer = try HTTP2Peer(server)
        try peer.get(on: 1)
        #expect(peer.take() == [.headers(1, [":status: 204"], isLast: true)])
    }

    @Test func `trailers end an answer`() throws {
        let server = ScriptedServer()
        server.answer = { exchange in
            exchange.client?.send(Self.response(200, .chunked))
            exchange.client?.sendBody(ByteBuffer(string: "fine"))
            exchange.client?.sendEnd(trailers: ByteBuffer(string: "Grpc-Status: 0\r\n"))
        }
        let peer = try HTTP2Peer(server)
        try peer.get(on: 1)
        #expect(
            peer.take() == [
                .headers(1, [":status: 200"], isLast: false), .data(1, "fine", isLast: false),
                .headers(1, ["grpc-status: 0"], isLast: true),
            ]
        )
    }

    @Test func `a call whose client resets its stream is over`() throws {
        let server = ScriptedServer()
        let peer = try HTTP2Peer(server)
        try peer.get(on: 1)
        try peer.send(.rstStream(.cancel), on: 1)
        #expect(server.open.isEmpty)
        #expect(server.ended.map(\.record.status) == [499])
        #expect(server.ended.map(\.record.cause) == ["client.closed"])
    }

    @Test func `a response that breaks off resets its stream and no other`() throws {
        let server = ScriptedServer()
        let peer = try HTTP2Peer(server)
        try peer.get(on: 1)
        try peer.get(on: 3)
        let broken = server.open[0]
        broken.client?.send(Self.response(200, .length(10)))
        broken.client?.sendBody(ByteBuffer(string: "half"))
        broken.client?.flush()
        broken.client?.abort("backend.closed-mid-response")
        Self.reply(server.open[0])
        try peer.exchangeBytes()
        let got = peer.take()
        #expect(got.contains(.reset(1, .internalError)))
        #expect(got.contains(.data(3, "fine", isLast: true)))
    }

    // MARK: Refusals

    @Test func `a malformed request costs its stream`() throws {
        let server = ScriptedServer()
        server.answer = Self.reply
        let peer = try HTTP2Peer(server)
        try peer.request("GET", "/", [("connection", "close")], on: 1, isLast: true)
        try peer.get(on: 3)
        let got = peer.take()
        #expect(got.first == .reset(1, .protocolError))
        #expect(got.last == .data(3, "fine", isLast: true))
        #expect(server.ended.map(\.record.status) == [400, 200])
        #expect(server.ended.map(\.record.cause) == ["wire.connection-field", nil])
    }

    @Test func `a request that says too much is answered`() throws {
        let server = ScriptedServer(limits: Limits(headBytes: 1_000))
        let peer = try HTTP2Peer(server)
        try peer.request("GET", "/", [("a", String(repeating: "x", count: 1_000))], on: 1, isLast: true)
        guard case .headers(1, let fields, false)? = peer.take().first else {
            Issue.record("no answer")
            return
        }
        #expect(fields.first == ":status: 431")
    }

    @Test func `a refused gRPC call gets a status of gRPC`() throws {
        let server = ScriptedServer()
        server.answer = { $0.refuse(Refusal(status: 503, cause: "backend.no-target", message: "None is up: 0 %")) }
        let peer = try HTTP2Peer(server)
        try peer.request("POST", "/s/m", [("content-type", "application/grpc+proto")], on: 1, isLast: true)
        let fields = [
            ":status: 200", "content-type: application/grpc", "grpc-status: 14",
            "grpc-message: backend.no-target: None is up: 0 %25",
        ]
        #expect(peer.take() == [.headers(1, fields, isLast: true)])
        #expect(server.ended.map(\.record.status) == [503])
        #expect(server.ended.map(\.record.cause) == ["backend.no-target"])
    }

    @Test func `streams over the limit are refused, the others served`() throws {
        let server = ScriptedServer(limits: Limits(http2: HTTP2Limits(streams: 2)))
        let peer = try HTTP2Peer(server)
        let frames = [1, 3, 5].flatMap { id in HTTP2Bytes.headers([0x82, 0x86, 0x84, 0x41, 1, 0x68], id) }
        #expect(try peer.answer(toBytes: frames) == [0, 0, 4, 3, 0, 0, 0, 0, 5, 0, 0, 0, 7])
        #expect(server.open.count == 2)
    }

    // MARK: The request's body

    @Test func `a body waits until it is wanted, and its window is given back as it is taken`() throws {
        let server = ScriptedServer(limits: Limits(http2: HTTP2Limits(windowBytes: 65_535)))
        let taker = BodyTaker()
        server.answer = { $0.integration = taker }
        let peer = try HTTP2Peer(server)
        try peer.request("POST", on: 1)
        let half = String(repeating: "x", count: 40_000)
        try peer.send(body: half, on: 1)
        #expect(taker.text.isEmpty)
        #expect(peer.windowUpdates[1] == nil)
        server.open.first?.client?.resumeRequestBody()
        try peer.exchangeBytes()
        #expect(taker.text.count == 40_000)
        #expect(peer.windowUpdates[1] == 40_000)
        try peer.send(body: half, on: 1, isLast: true)
        #expect(taker.text.count == 80_000)
        #expect(taker.hasEnded)
    }

    @Test func `a body may have trailers`() throws {
        let server = ScriptedServer()
        let taker = BodyTaker()
        server.answer = { $0.integration = taker }
        let peer = try HTTP2Peer(server)
        try peer.request("POST", on: 1)
        server.open.first?.client?.resumeRequestBody()
        try peer.send(body: "x", on: 1)
        try peer.send(headers: [("checksum", "1")], on: 1)
        #expect(taker.text == "x")
        #expect(taker.trailers == "checksum: 1\r\n")
    }

    @Test(arguments: [("abcd", true), ("ab", true), ("abcd", false)])
    func `a body that is not as long as its Content-Length is malformed`(body: String, isLast: Bool) throws {
        let server = ScriptedServer()
        let taker = BodyTaker()
        server.answer = { $0.integration = taker }
        let peer = try HTTP2Peer(server)
        try peer.request("POST", "/", [("content-length", "3")], on: 1)
        server.open.first?.client?.resumeRequestBody()
        try peer.send(body: body, on: 1, isLast: isLast)
        #expect(peer.take() == [.reset(1, .protocolError)])
        #expect(taker.isCancelled)
        #expect(server.ended.map(\.record.cause) == ["wire.wrong-content-length"])
    }

    @Test func `an answer before the end of the body tells the client to send no more`() throws {
        let server = ScriptedServer()
        server.answer = Self.reply
        let peer = try HTTP2Peer(server)
        try peer.request("POST", on: 1)
        #expect(peer.take().last == .reset(1, .noError))
        try peer.get(on: 3)
        #expect(peer.take().last == .data(3, "fine", isLast: true))
    }

    @Test func `the client is told to go on when it asks`() throws {
        let server = ScriptedServer()
        server.answer = { $0.integration = BodyTaker() }
        let peer = try HTTP2Peer(server)
        try peer.request("POST", "/", [("expect", "100-continue")], on: 1)
        #expect(peer.take().isEmpty)
        server.open.first?.client?.resumeRequestBody()
        try peer.exchangeBytes()
        #expect(peer.take() == [.headers(1, [":status: 100"], isLast: false)])
    }

    // MARK: The answer's window

    @Test func `a client that does not read holds its own stream only`() throws {
        let server = ScriptedServer()
        let peer = try HTTP2Peer(server, settings: [HTTP2Setting(parameter: .initialWindowSize, value: 10)])
        try peer.get(on: 1)
        let slow = try #require(server.open.first)
        let source = BodyTaker()
        slow.integration = source
        slow.client?.send(Self.response(200, .chunked))
        for _ in 0..<5 {
            slow.client?.sendBody(ByteBuffer(repeating: UInt8(ascii: "x"), count: 16_384))
            slow.client?.flush()
            try peer.exchangeBytes()
        }
        #expect(source.isClientWritable == false)
        server.answer = Self.reply
        try peer.get(on: 3)
        #expect(peer.take().last == .data(3, "fine", isLast: true))
        try peer.send(.windowUpdate(windowSizeIncrement: 100_000), on: 1)
        try peer.send(.windowUpdate(windowSizeIncrement: 100_000), on: 0)
        #expect(source.isClientWritable == true)
        slow.client?.sendEnd(trailers: nil)
        try peer.exchangeBytes()
        let sizes = peer.take().map { if case .data(1, let text, _) = $0 { text.utf8.count } else { 0 } }
        #expect(sizes.reduce(10, +) == 5 * 16_384)
    }

    @Test func `a stream whose answer is not read is reset in the end`() throws {
        let server = ScriptedServer(limits: Limits(bodyIdleTimeout: .nanoseconds(1)))
        server.answer = Self.reply
        let peer = try HTTP2Peer(server, settings: [HTTP2Setting(parameter: .initialWindowSize, value: 0)])
        try peer.get(on: 1)
        // The first look remembers how far the client is, the second one sees that it is no further.
        for _ in 0..<2 { _ = server.worker.deadlines.sweep(now: server.worker.now + 1_000_000_000) }
        try peer.exchangeBytes()
        #expect(peer.take().last == .reset(1, .cancel))
        #expect(server.connectionCount == 1)
    }

    // MARK: Ends

    @Test func `an idle connection is told to end`() throws {
        let server = ScriptedServer()
        let peer = try HTTP2Peer(server)
        _ = server.worker.deadlines.sweep(now: server.worker.now + 76_000_000_000)
        try peer.exchangeBytes()
        #expect(peer.take() == [.goAway(0, .noError)])
    }

    @Test func `a stopping server serves what it has, and what comes at the last moment`() throws {
        let server = ScriptedServer()
        let peer = try HTTP2Peer(server)
        try peer.get(on: 1)
        _ = server.drain()
        try peer.exchangeBytes()
        #expect(peer.take() == [.goAway(Int(Int32.max), .noError)])
        _ = server.worker.deadlines.sweep(now: server.worker.now + 2_000_000_000)
        try peer.exchangeBytes()
        #expect(peer.take() == [.goAway(1, .noError)])
        for exchange in server.open { Self.reply(exchange) }
        try peer.exchangeBytes()
        #expect(peer.take().last == .data(1, "fine", isLast: true))
    }

    @Test func `a head that does not come to its end costs the connection`() throws {
        let server = ScriptedServer()
        let peer = try HTTP2Peer(server)
        try peer.get(on: 1)
        try peer.sendBytes(Array(HTTP2Bytes.headers([0x82, 0x86, 0x84, 0x41, 1, 0x68], 3).dropLast()))
        _ = server.worker.deadlines.sweep(now: server.worker.now + 16_000_000_000)
        try peer.exchangeBytes()
        #expect(peer.take().last == .goAway(1, .enhanceYourCalm))
        #expect(server.open.isEmpty)
    }

    @Test func `malformed requests without end cost the connection`() throws {
        let server = ScriptedServer(limits: Limits(http2: HTTP2Limits(resets: 5)))
        let peer = try HTTP2Peer(server)
        for count in 0..<6 { try peer.request("GET", "/", [("te", "gzip")], on: 2 * count + 1, isLast: true) }
        #expect(peer.take().last == .goAway(11, .enhanceYourCalm))
    }
}

/// Frames as bytes, for what no well-meaning client sends.
enum HTTP2Bytes {
    /// HEADERS that end both the block and the stream.
    static func headers(_ block: [UInt8], _ id: UInt8) -> [UInt8] {
        [0, 0, UInt8(block.count), 1, 5, 0, 0, 0, id] + block
    }
}

/// The integration's side of a call, which takes a body and is told whether the client reads.
final class BodyTaker: IntegrationCall {
    private(set) var text = ""
    private(set) var trailers: String?
    private(set) var hasEnded = false
    private(set) var isCancelled = false
    private(set) var isClientWritable: Bool?

    func receiveBody(_ part: ByteBuffer) -> Bool {
        text += String(buffer: part)
        return true
    }

    func receiveEnd(trailers: ByteBuffer?) {
        hasEnded = true
        self.trailers = trailers.map { String(buffer: $0) }
    }

    func flush() {}

    func setClientWritable(_ isWritable: Bool) { isClientWritable = isWritable }

    func cancel() { isCancelled = true }
}
