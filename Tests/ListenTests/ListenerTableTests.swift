import NIOCore
import NIOPosix
import Testing

@testable import Listen

#if canImport(Glibc)
import Glibc
#endif

struct ListenerTableTests {
    private static let table = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 620 1 00000000956e41a9 100 0 0 10 0
           1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 621 1 00000000956e41a9 100 0 0 10 0
           2: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 622 1 00000000956e41a9 100 0 0 10 0
           3: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 623 1 00000000956e41a9 100 0 0 10 0
        """

    @Test func `listening sockets are read up to the first connection`() {
        #expect(
            ListenerTable.listeners(in: Self.table) == [
                ListenerTable.Row(address: "0100007F:1F90", inode: 620),
                ListenerTable.Row(address: "0100007F:1F90", inode: 621),
            ]
        )
        #expect(ListenerTable.listeners(in: "") == [])
    }

    #if os(Linux)
    @Test func `a port is shared when a socket listens on it that is not one's own`() async throws {
        let one = try await listen(port: 0)
        let inode = try await inode(of: one)
        #expect(!ListenerTable.isShared([inode]))
        let other = try await listen(port: try #require(one.localAddress?.port))
        let both: Set = [inode, try await self.inode(of: other)]
        #expect(ListenerTable.isShared([inode]))
        #expect(!ListenerTable.isShared(both))
        try await one.close()
        try await other.close()
    }

    @Test func `a socket that refuses handshakes takes no connection until it is let again`() async throws {
        let server = try await listen(port: 0)
        let address = try #require(server.localAddress)
        try await withDescriptor(of: server) { SegmentFilter.handshakes.attach(to: $0) }
        await #expect(throws: (any Error).self) {
            try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connectTimeout(.milliseconds(300)).connect(to: address).get()
        }
        try await withDescriptor(of: server) { SegmentFilter.detach(from: $0) }
        let late = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(to: address).get()
        for channel in [late, server] { try await channel.close() }
    }

    private func listen(port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1)
            .bind(host: "127.0.0.1", port: port).get()
    }

    private func inode(of channel: any Channel) async throws -> UInt64 {
        try await withDescriptor(of: channel) { descriptor in
            var status = stat()
            _ = unsafe fstat(descriptor, &status)
            return UInt64(status.st_ino)
        }
    }

    private func withDescriptor<Value: Sendable>(
        of channel: any Channel,
        _ body: @escaping @Sendable (NIOBSDSocket.Handle) -> Value
    ) async throws -> Value {
        try await channel.eventLoop.submit {
            let value = try channel.pipeline.syncOperations
                .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self, body)
            return try #require(value)
        }.get()
    }
    #endif
}
