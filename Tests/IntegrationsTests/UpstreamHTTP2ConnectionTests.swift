import Exchange
import Model
import NIOCore
import NIOEmbedded
import Testing

@testable import Integrations

struct UpstreamHTTP2ConnectionTests {
    private func open(on backend: EmbeddedBackend) throws -> (UpstreamHTTP2Connection, EmbeddedChannel) {
        let endpoint = try backend.endpoint
        let connection = UpstreamHTTP2Connection(
            endpoint: endpoint,
            parser: endpoint.parser,
            worker: backend.worker,
            isSecure: false
        )
        let channel = EmbeddedChannel(handler: connection, loop: backend.loop)
        try channel.connect(to: endpoint.address).wait()
        return (connection, channel)
    }

    @Test func `a connection that is closed is forgotten, and so are its streams`() throws {
        let backend = try EmbeddedBackend()
        weak var forgotten: UpstreamHTTP2Connection?
        do {
            let (connection, channel) = try open(on: backend)
            forgotten = connection
            let streams = [connection.lend(), connection.lend()]
            streams[0].release(now: 0)
            try channel.close().wait()
            streams[1].release(now: 0)
        }
        backend.loop.run()
        #expect(forgotten == nil)
    }

    @Test func `one that is closed before the pool knows it is not counted`() throws {
        let backend = try EmbeddedBackend()
        let (_, channel) = try open(on: backend)
        try channel.close().wait()
        #expect(backend.upstream.status().map(\.open) == [0])
    }
}
