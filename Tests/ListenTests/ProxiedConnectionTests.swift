import Model
import NIOCore
import NIOEmbedded
import Testing

@testable import Exchange
@testable import Listen

struct ProxiedConnectionTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let header = "PROXY TCP4 192.0.2.7 198.51.100.1 51000 443\r\n"

    private func server(trusting: [String] = [], limits: Limits = Limits()) throws -> ScriptedServer {
        let server = ScriptedServer(limits: limits, trustedProxies: try trusting.map { try AddressRange($0) })
        server.answer = { exchange in exchange.client?.send(Reply(status: 200, body: ByteBuffer(string: "fine"))) }
        return server
    }

    private func send(_ text: String, to channel: EmbeddedChannel) throws {
        try channel.writeInbound(ByteBuffer(string: text))
    }

    @Test(arguments: 0...(header + get).utf8.count)
    func `the named client is served, wherever the bytes are cut`(cut: Int) throws {
        let server = try server()
        let channel = try server.connect(from: "10.0.0.1", proxied: true)
        let bytes = Array((Self.header + Self.get).utf8)
        for part in [bytes[..<cut], bytes[cut...]] where !part.isEmpty {
            try channel.writeInbound(ByteBuffer(bytes: part))
        }
        #expect(try channel.sent().hasSuffix("fine"))
        #expect(server.ended.map(\.client) == ["192.0.2.7"])
        #expect(server.connectionCount == 1)
        try channel.close().wait()
        #expect(server.connectionCount == 0)
    }

    @Test func `a proxy's own connection keeps the socket's address`() throws {
        let server = try server()
        let channel = try server.connect(from: "10.0.0.1", proxied: true)
        try send("PROXY UNKNOWN\r\n" + Self.get, to: channel)
        #expect(server.ended.map(\.client) == ["10.0.0.1"])
    }

    @Test func `a mapped address is told as the IPv4 address that it is`() throws {
        let server = try server()
        let channel = try server.connect(from: "10.0.0.1", proxied: true)
        try send("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n" + Self.get, to: channel)
        #expect(server.ended.map(\.client) == ["192.0.2.7"])
    }

    @Test func `a connection without a header is closed without an answer`() throws {
        let server = try server()
        let channel = try server.connect(from: "10.0.0.1", proxied: true)
        try send(Self.get, to: channel)
        #expect(try channel.sent().isEmpty)
        #expect(!channel.isActive)
        #expect(server.refused == [.proxyHeader])
        #expect(server.connectionCount == 0)
    }

    @Test func `where proxies are named, a header is taken from them alone`() throws {
        let server = try server(trusting: ["10.0.0.0/8"])
        let stranger = try server.connect(from: "192.0.2.9", proxied: true)
        #expect(!stranger.isActive)
        #expect(server.refused == [.proxyHeader])
        let proxy = try server.connect(from: "10.0.0.1", proxied: true)
        try send(Self.header + Self.get, to: proxy)
        #expect(server.ended.map(\.client) == ["192.0.2.7"])
    }

    @Test func `a header that does not end is waited for no longer than a head`() throws {
        let server = try server()
        let channel = try server.connect(from: "10.0.0.1", proxied: true)
        try send("PROXY", to: channel)
        _ = server.worker.deadlines.sweep(now: server.worker.now + Limits().headTimeout.nanoseconds + 1_000_000)
        #expect(!channel.isActive)
        #expect(server.refused == [.proxyHeader])
    }

    @Test func `a check whether the port is open is no fault`() throws {
        let server = try server()
        let channel = try server.connect(from: "10.0.0.1", proxied: true)
        try channel.close().wait()
        #expect(server.refused.isEmpty)
    }

    @Test func `connections count for the address that the proxy names`() throws {
        let server = try server(limits: Limits(connectionsPerAddress: 1))
        let first = try server.connect(from: "10.0.0.1", proxied: true)
        try send(Self.header, to: first)
        let second = try server.connect(from: "10.0.0.1", proxied: true)
        try send(Self.header, to: second)
        #expect(first.isActive && !second.isActive)
        #expect(server.refused == [.address])
        let third = try server.connect(from: "10.0.0.1", proxied: true)
        try send("PROXY TCP4 192.0.2.8 198.51.100.1 51000 443\r\n", to: third)
        #expect(third.isActive)
        try first.close().wait()
        let fourth = try server.connect(from: "10.0.0.1", proxied: true)
        try send(Self.header, to: fourth)
        #expect(fourth.isActive)
    }

    @Test func `a trusted proxy has as many connections as it likes`() throws {
        let limits = Limits(connectionsPerAddress: 1)
        let server = try server(trusting: ["10.0.0.1"], limits: limits)
        let channels = try (0..<3).map { _ in try server.connect(from: "10.0.0.1") }
        #expect(channels.map(\.isActive) == [true, true, true])
    }

    // MARK: Other limits of a connection

    @Test func `the last request that a connection may bring is told to be the last`() throws {
        let server = try server(limits: Limits(requestsPerConnection: 2))
        let channel = try server.connect()
        try send(Self.get, to: channel)
        let first = try channel.sent()
        #expect(!first.contains("Connection"))
        try send(Self.get + Self.get, to: channel)
        #expect(try channel.sent().hasSuffix("Connection: close\r\n\r\nfine"))
        #expect(server.ended.count == 2)
    }

    @Test func `connections over the limit are refused and counted`() throws {
        let server = try server(limits: Limits(connections: 1, connectionsPerAddress: 5))
        let first = try server.connect()
        let second = try server.connect()
        #expect(first.isActive && !second.isActive)
        #expect(server.refused == [.connections])
    }
}
