import Model
import NIOCore
import Synchronization
import Testing

@testable import Integrations

struct NameResolutionTests {
    private func backend(_ hosts: String...) -> Backend {
        Backend(name: "b", targets: hosts.map { Backend.Target(host: $0, port: 80) })
    }

    private static let address = try? SocketAddress(ipAddress: "192.0.2.1", port: 0)

    @Test(.timeLimit(.minutes(5)))
    func `a name that is never answered does not hold up the others for longer than the limit`() async {
        let (never, hold) = AsyncStream.makeStream(of: Void.self)
        let resolution = NameResolution(limit: .milliseconds(20)) { name in
            if name == "hanging.test" { for await _ in never {} }
            return Self.address.map { [$0] }
        }
        let backend = backend("hanging.test", "quick.test")
        let directory = await resolution.directory(for: [backend])
        #expect(directory.addresses(of: backend).map(\.name) == ["quick.test:80@192.0.2.1"])
        hold.finish()
    }

    @Test func `a known name keeps its addresses, and is not asked for again by a reload`() async {
        let asked = Mutex<[String]>([])
        let resolution = NameResolution(limit: .seconds(10)) { name in
            asked.withLock { $0.append(name) }
            return Self.address.map { [$0] }
        }
        _ = await resolution.directory(for: [backend("one.test")])
        let both = backend("one.test", "two.test")
        let directory = await resolution.directory(for: [both])
        #expect(directory.addresses(of: both).count == 2)
        #expect(asked.withLock { $0 } == ["one.test", "two.test"])
    }

    @Test func `a numeric target is known without being asked for`() async {
        let resolution = NameResolution(limit: .seconds(10)) { _ in
            Issue.record("a name was looked up")
            return nil
        }
        let backend = backend("192.0.2.7", "2001:db8::1")
        let directory = await resolution.directory(for: [backend])
        #expect(directory.addresses(of: backend).map(\.name) == ["192.0.2.7:80", "[2001:db8::1]:80"])
    }

    @Test func `a name that can't be resolved has no addresses`() async {
        let resolution = NameResolution(limit: .seconds(10)) { _ in nil }
        let backend = backend("nowhere.test")
        #expect(await resolution.directory(for: [backend]).addresses(of: backend).isEmpty)
    }
}
