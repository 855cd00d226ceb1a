import Exchange
import Model
import Testing

@testable import Listen

struct ConnectionCountTests {
    private func named(_ text: String) -> AddressBlock? {
        let bytes = IPAddress(text)?.bytes ?? []
        return AddressBlock(PeerAddress(text: text.utf8.span, bytes: bytes.span))
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
        ("2001:db8::1", "2001:db8::ffff:1", true), ("2001:db8::1", "2001:db8:0:1::1", false),
        ("0.0.0.1", "::1", false),
    ])
    func `an IPv4 address counts by itself, an IPv6 address by its 64`(_ one: String, _ other: String, _ isSame: Bool) {
        #expect((named(one) == named(other)) == isSame)
    }

    @Test func `an unknown address is not counted`() { #expect(named("") == nil) }

    @Test func `no address gets more than its limit, and a closed connection makes room`() throws {
        let count = ConnectionCount()
        let one = try #require(named("192.0.2.1"))
        let other = try #require(named("192.0.2.2"))
        #expect(count.add(from: one, limit: 2))
        #expect(count.add(from: one, limit: 2))
        #expect(!count.add(from: one, limit: 2))
        #expect(count.add(from: other, limit: 2))
        count.remove(from: one)
        #expect(count.add(from: one, limit: 2))
    }

    @Test func `what has no open connection takes no memory`() throws {
        let count = ConnectionCount()
        let blocks = try (0..<1_000).map { try #require(named("10.0.\($0 / 250).\($0 % 250)")) }
        for block in blocks { #expect(count.add(from: block, limit: 1)) }
        #expect(count.blocks == 1_000)
        for block in blocks { count.remove(from: block) }
        #expect(count.blocks == 0)
    }

    @Test func `the count is exact however many threads add to it`() async throws {
        let count = ConnectionCount()
        let block = try #require(named("192.0.2.1"))
        let admitted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<500).count { _ in count.add(limit: 100) && count.add(from: block, limit: 40) } }
            }
            return await group.reduce(0, +)
        }
        #expect(admitted == 40)
    }
}
