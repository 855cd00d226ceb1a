import NIOCore
import Testing

@testable import Admin

@Suite struct AdminHostsTests {
    @Test(arguments: ["localhost", "LOCALHOST:8081", "127.0.0.1", "127.1.2.3:1", "[::1]:8081", "10.0.0.7:8081"])
    func `the loopback and the connection's own address are taken`(authority: String) throws {
        #expect(AdminHosts(of: try SocketAddress(ipAddress: "10.0.0.7", port: 8081)).contains(authority))
        #expect(AdminHosts(of: try SocketAddress(ipAddress: "::ffff:10.0.0.7", port: 8081)).contains(authority))
    }

    @Test(
        arguments: [
            "", ":8081", "evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "10.0.0.8", "0.0.0.0", "127.1",
            "[::1",
            "::1:8081", "localhost:80a", "[10.0.0.7]x", "user@localhost",
        ]
    )
    func `any other name or address is not`(authority: String) throws {
        #expect(!AdminHosts(of: try SocketAddress(ipAddress: "10.0.0.7", port: 8081)).contains(authority))
    }
}
