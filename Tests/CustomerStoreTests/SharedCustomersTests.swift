import Credentials
import Foundation
import Testing

@testable import CustomerStore

struct SharedCustomersTests {
    private static let fingerprinter = KeyFingerprinter.random()

    private func open() throws -> CustomerStore {
        let path = FileManager.default.temporaryDirectory.appending(path: "customers-\(UUID()).sqlite").path
        return try CustomerStore(path: path, fingerprinter: Self.fingerprinter) { 1_000 }
    }

    @Test func `a set is taken over by another store, with all credentials`() async throws {
        let (first, second) = (try open(), try open())
        for id in ["acme", "gone"] { try await first.put(id, settings: "{}") }
        _ = try await first.makeKey("k", of: "acme", isSandbox: true)
        try await first.addSigningKey(StoredSigningKey(id: "s", form: .publicKey("PEM")), of: "acme")
        try await first.setPassword(#require(PasswordHash(of: Array("x".utf8))), of: "wiley", customer: "acme")
        try await first.remove("gone")
        try await first.makeSet()
        let set = try await first.sharedCustomers(after: "", limit: 10)
        let decoded = try set.map { try SharedCustomer(decoding: Array($0.encoded().utf8)) }
        #expect(decoded == set && set.map(\.isRemoved) == [false, true])
        let dataset = try #require(try await first.sharedState().dataset)
        try await second.take(decoded.sorted { $0.revision.number < $1.revision.number }, of: dataset)
        #expect(try await second.customers() == first.customers())
        #expect(try await second.sharedState() == first.sharedState())
        #expect(try await second.sharedCustomers(after: "", limit: 10) == set)
    }

    @Test func `a user who has another customer by now is taken from the former one first`() async throws {
        let (first, second) = (try open(), try open())
        let hash = try #require(PasswordHash(of: Array("x".utf8)))
        for id in ["acme", "bolt"] { try await first.put(id, settings: "{}") }
        try await first.setPassword(hash, of: "wiley", customer: "acme")
        try await first.makeSet()
        try await second.take(first.sharedCustomers(after: "", limit: 10).reversed(), of: "set")
        try await first.removePassword(of: "wiley", customer: "acme")
        try await first.setPassword(hash, of: "wiley", customer: "bolt")
        try await first.put("acme", settings: "{}")
        try await first.makeSet()
        // That of bolt comes first, since acme was changed again.
        let last = try await second.changes(after: 0).last
        let all = try await first.sharedCustomers(after: "", limit: 10)
        let newer = all.sorted { $0.revision.number < $1.revision.number }
        #expect(newer.map(\.id) == ["bolt", "acme"])
        try await second.take([newer[0]], of: "set")
        let changes = try await second.changes(after: last)
        #expect(changes.put.map(\.id) == ["acme", "bolt"])
        #expect(changes.put.map { $0.passwords.map(\.user) } == [[], ["wiley"]])
    }

    @Test func `what is not agreed upon is not kept`() async throws {
        struct Refusing: CustomerAgreement {
            func prepare() async throws {}
            func propose(_ customer: SharedCustomer, upon state: SharedState) async throws -> Bool { false }
        }
        let store = try open()
        try await store.put("acme", settings: "{}")
        store.share(through: Refusing())
        await #expect(throws: CustomersNotShared.self) { try await store.put("bolt", settings: "{}") }
        await #expect(throws: CustomersNotShared.self) { try await store.remove("acme") }
        await #expect(throws: CustomerStoreFault.unknownCustomer("none")) { try await store.remove("none") }
        #expect(try await store.customers().map(\.id) == ["acme"])
    }
}
