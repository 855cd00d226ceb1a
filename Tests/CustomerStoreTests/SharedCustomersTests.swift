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
        let set = try await first.sharedRecords(after: "", limit: 10)
        let decoded = try set.map { try SharedRecord(decoding: Array($0.encoded().utf8)) }
        #expect(decoded == set && Self.removed(in: set) == ["gone"])
        let dataset = try #require(try await first.sharedState().dataset)
        try await second.take(decoded.sorted { $0.revision.number < $1.revision.number }, of: dataset)
        #expect(try await second.customers() == first.customers())
        #expect(try await second.sharedState() == first.sharedState())
        #expect(try await second.sharedRecords(after: "", limit: 10) == set)
    }

    @Test func `a user who has another customer by now is taken from the former one first`() async throws {
        let (first, second) = (try open(), try open())
        let hash = try #require(PasswordHash(of: Array("x".utf8)))
        for id in ["acme", "bolt"] { try await first.put(id, settings: "{}") }
        try await first.setPassword(hash, of: "wiley", customer: "acme")
        try await first.makeSet()
        try await second.take(first.sharedRecords(after: "", limit: 10).reversed(), of: "set")
        try await first.removePassword(of: "wiley", customer: "acme")
        try await first.setPassword(hash, of: "wiley", customer: "bolt")
        try await first.put("acme", settings: "{}")
        try await first.makeSet()
        // That of bolt comes first, since acme was changed again.
        let last = try await second.changes(after: 0).last
        let all = try await first.sharedRecords(after: "", limit: 10)
        let newer = all.sorted { $0.revision.number < $1.revision.number }
        #expect(newer.map(\.subject) == [.customer("bolt"), .customer("acme")])
        try await second.take([newer[0]], of: "set")
        let changes = try await second.changes(after: last)
        #expect(changes.put.map(\.id) == ["acme", "bolt"])
        #expect(changes.put.map { $0.passwords.map(\.user) } == [[], ["wiley"]])
    }

    private static func removed(in set: [SharedRecord]) -> [String] {
        set.compactMap { record in
            switch record {
            case .customer(let customer): customer.isRemoved ? customer.id : nil
            case .plan(let plan): plan.isRemoved ? plan.plan : nil
            }
        }
    }

    @Test func `the plans of a set come before the customers who name them, and their ends after`() async throws {
        let (first, second) = (try open(), try open())
        try await first.put("acme", settings: "{\"plan\":\"trial\"}")
        for name in ["trial", "gold"] { try await first.putPlan(name, settings: "{\"quota\":\"5/day\"}") }
        try await first.makeSet()
        let dataset = try #require(try await first.sharedState().dataset)
        func inOrder() async throws -> [SharedRecord] {
            try await first.sharedRecords(after: "", limit: 10).sorted { $0.revision.number < $1.revision.number }
        }
        let all = try await inOrder()
        #expect(all.map(\.subject) == [.plan("gold"), .plan("trial"), .customer("acme")])
        #expect(try all.map { try SharedRecord(decoding: Array($0.encoded().utf8)) } == all)
        try await second.take(all, of: dataset)
        #expect(try await second.plans() == first.plans())
        // From now on the first one's changes are agreed upon with the second one.
        first.share(through: Agreeing(other: second, dataset: dataset))
        try await first.put("acme", settings: "{}")
        try await first.removePlan("trial")
        let since = try await inOrder().suffix(2)
        #expect(since.map(\.subject) == [.customer("acme"), .plan("trial")])
        #expect(Self.removed(in: Array(since)) == ["trial"])
        #expect(try await second.plans().map(\.name) == ["gold"])
        #expect(try await second.sharedState() == first.sharedState())
    }

    /// Has another store follow at once.
    private struct Agreeing: CustomerAgreement {
        var other: CustomerStore
        var dataset: String

        func prepare() async throws {}

        func propose(_ record: SharedRecord, upon state: SharedState) async throws -> Bool {
            try await other.take([record], of: dataset)
            return true
        }
    }

    @Test func `a customer can't name a plan that has gone meanwhile`() async throws {
        let store = try open()
        try await store.putPlan("trial", settings: "{}")
        try await store.put("acme", settings: "{}", naming: ["trial"])
        await #expect(throws: PlanStoreFault.unknownPlan("gone")) {
            try await store.put("bolt", settings: "{}", naming: ["trial", "gone"])
        }
        #expect(try await store.customers().map(\.id) == ["acme"])
    }

    @Test func `what is not agreed upon is not kept`() async throws {
        struct Refusing: CustomerAgreement {
            func prepare() async throws {}
            func propose(_ record: SharedRecord, upon state: SharedState) async throws -> Bool { false }
        }
        let store = try open()
        try await store.put("acme", settings: "{}")
        store.share(through: Refusing())
        await #expect(throws: CustomersNotShared.self) { try await store.put("bolt", settings: "{}") }
        await #expect(throws: CustomersNotShared.self) { try await store.remove("acme") }
        await #expect(throws: CustomerStoreFault.unknownCustomer("none")) { try await store.remove("none") }
        await #expect(throws: CustomersNotShared.self) { try await store.putPlan("trial", settings: "{}") }
        #expect(try await store.customers().map(\.id) == ["acme"])
        #expect(try await store.plans().isEmpty)
    }
}
