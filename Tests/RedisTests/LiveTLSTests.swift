import Foundation
import Model
import NIOCore
import RESP
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(5))) struct LiveTLSTests {
    /// An authority, and a server with a certificate of it.
    private struct Secured {
        let server: RedisServerProcess
        let authority: [UInt8]
        let tlsPort: Int
        private let certificates: URL

        /// - Parameter names: whom the certificate is for, as OpenSSL writes it.
        init(for names: String) throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "daemun-tls-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let script = """
                set -e
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
                  -days 2 -subj /CN=authority
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.csr -subj /CN=redis
                printf 'subjectAltName=\(names)' > ext
                openssl x509 -req -in s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out s.pem -days 2 -extfile ext
                """
            let isMade = try ChildProcess("/bin/sh", ["-c", "cd '\(folder.path)'\n" + script]).wait()
            try #require(isMade)
            authority = Array(try Data(contentsOf: folder.appending(path: "ca.pem")))
            certificates = folder
            tlsPort = try RedisServerProcess.freePort()
            server = try RedisServerProcess([
                "--tls-port", "\(tlsPort)", "--tls-cert-file", folder.appending(path: "s.pem").path,
                "--tls-key-file", folder.appending(path: "s.key").path,
                "--tls-ca-cert-file", folder.appending(path: "ca.pem").path, "--tls-auth-clients", "no",
            ])
        }

        func remove() {
            server.kill()
            try? FileManager.default.removeItem(at: certificates)
        }

        func configuration(host: String) throws -> RedisConfiguration {
            var configuration = try RedisConfiguration(url: "rediss://\(host):\(tlsPort)")
            configuration.timings = server.configuration.timings
            configuration.tls?.authorities = authority
            return configuration
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `a server is spoken to over TLS by name and by address`(host: String) async throws {
        let secured = try Secured(for: "DNS:localhost,IP:127.0.0.1")
        defer { secured.remove() }
        let client = try await LoopedClient.start(try secured.configuration(host: host))
        try await client.waitUntilServed()
        #expect(try await client.send("ECHO", String(repeating: "x", count: 100_000)).string?.count == 100_000)
        try await client.stop()
    }

    @Test func `nobody is trusted whom no authority knows, or whose name is another`() async throws {
        let secured = try Secured(for: "DNS:localhost")
        defer { secured.remove() }
        let plain = try await secured.server.connect()
        var unknown = try secured.configuration(host: "localhost")
        unknown.tls?.authorities = nil
        var misnamed = try secured.configuration(host: "localhost")
        misnamed.tls?.serverName = "redis.example"
        let misaddressed = try secured.configuration(host: "127.0.0.1")
        for var configuration in [unknown, misnamed, misaddressed] {
            configuration.timings.connect = 1_500 * millisecond
            let client = try await LoopedClient.start(configuration)
            let error = await client.error(of: "PING")
            if case .notConnected(.unreachable?)? = error {} else { Issue.record("\(String(describing: error))") }
            try await client.stop()
        }
        var unverified = unknown
        unverified.tls?.isVerified = false
        let client = try await LoopedClient.start(unverified)
        try await client.waitUntilServed()
        for client in [plain, client] { try await client.stop() }
    }

    @Test func `what can't be used for TLS is told`() {
        var tls = RedisTLS()
        tls.authorities = Array("nothing".utf8)
        #expect(throws: RedisTLSFault.authorities) { try tls.context() }
        tls = RedisTLS()
        tls.chain = Array("nothing".utf8)
        tls.key = Secret("nothing")
        #expect(throws: RedisTLSFault.chain) { try tls.context() }
    }
}
