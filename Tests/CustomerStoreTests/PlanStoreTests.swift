import Credentials
import Foundation
import Testing

@testable import CustomerStore

struct PlanStoreTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "plans-\(UUID()).sqlite").path

    private func open(at second: Int64 = 1_000) throws -> CustomerStore {
        try CustomerStore(path: path, fingerprinter: .random()) { second }
    }

    @Test func `a plan is there with its settings, also for who opens the file next`() async throws {
        #expect(try await open().putPlan("gold", settings: "{\"quota\":\"5/day\"}"))
        let store = try open(at: 2_000)
        #expect(try await !store.putPlan("gold", settings: "{}"))
        let record = PlanRecord(name: "gold", settings: "{}", createdAt: 1_000, changedAt: 2_000)
        #expect(try await store.plans() == [record])
    }

    @Test func `all plans are told when one has changed, and not otherwise`() async throws {
        let store = try open()
        let none = try #require(try await store.changes(after: 0, plansSince: -1).plans)
        #expect(none.plans.isEmpty)
        for name in ["silver", "gold"] { try await store.putPlan(name, settings: "{}") }
        let two = try #require(try await store.changes(after: 0, plansSince: none.change).plans)
        #expect(two.plans.map(\.name) == ["gold", "silver"])
        #expect(try await store.changes(after: 0, plansSince: two.change).plans == nil)
        try await store.put("acme", settings: "{}")
        #expect(try await store.changes(after: 0, plansSince: two.change).plans == nil)
        try await store.removePlan("silver")
        #expect(try await store.changes(after: 0, plansSince: two.change).plans?.plans.map(\.name) == ["gold"])
    }

    @Test func `a plan that customers have stays, whatever they have it for`() async throws {
        let store = try open()
        try await store.putPlan("7", settings: "{}")
        try await store.put("acme", settings: "{\"plan\":\"7\"}")
        try await store.put("bolt", settings: "{\"plan\":\"silver\",\"sandbox\":{\"plan\":7}}")
        try await store.put("unread", settings: "plan: 7")
        try await store.put("gone", settings: "{\"plan\":\"7\"}")
        try await store.remove("gone")
        await #expect(throws: PlanStoreFault.planInUse("7", customers: 2)) { try await store.removePlan("7") }
        for id in ["acme", "bolt"] { try await store.put(id, settings: "{}") }
        try await store.removePlan("7")
        await #expect(throws: PlanStoreFault.unknownPlan("7")) { try await store.removePlan("7") }
    }

    @Test func `one that does not count may go all the same`() async throws {
        let store = try open()
        try await store.putPlan("gold", settings: "{}")
        try await store.put("acme", settings: "{\"plan\":\"gold\"}")
        try await store.removePlan("gold", evenIfUsed: true)
        #expect(try await store.plans().isEmpty)
    }

    @Test func `there are as many as may be, and no more`() async throws {
        let store = try open()
        for number in 0..<CustomerStore.mostPlans { try await store.putPlan("p\(number)", settings: "{}") }
        await #expect(throws: PlanStoreFault.tooManyPlans) { try await store.putPlan("more", settings: "{}") }
        #expect(try await !store.putPlan("p0", settings: "{}"))
    }
}
