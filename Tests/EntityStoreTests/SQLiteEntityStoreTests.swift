import AWSWire
import Testing

@testable import EntityStore

struct SQLiteEntityStoreTests {
    private struct Undo: Error {}

    private let store: SQLiteEntityStore

    init() throws { store = try SQLiteEntityStore(path: nil) }

    private static func key(_ id: String, under parent: String = "", region: String = "here") -> EntityKey {
        EntityKey(region: region, kind: "Thing", parent: parent, id: id)
    }

    private func ids(under parent: String = "", region: String = "here") async throws -> [String] {
        try await store.transaction { try $0.entities(kind: "Thing", parent: parent, region: region).map(\.key.id) }
    }

    @Test func `entities come in the order in which they were made`() async throws {
        try await store.transaction { transaction in
            for id in ["b", "c", "a"] { try transaction.put(Self.key(id), ["id": .string(id)], name: nil) }
            try transaction.put(Self.key("b"), ["id": "b", "new": true], name: nil)
            try transaction.put(Self.key("d", region: "there"), [:], name: nil)
        }
        #expect(try await ids() == ["b", "c", "a"])
        let changed = try await store.transaction { try $0.entity(Self.key("b"))?.document }
        #expect(changed == ["id": "b", "new": true])
    }

    @Test func `a transaction that ends with an error leaves nothing`() async throws {
        await #expect(throws: Undo.self) {
            try await store.transaction { transaction in
                try transaction.put(Self.key("a"), [:], name: nil)
                throw Undo()
            }
        }
        #expect(try await ids().isEmpty)
    }

    @Test func `a name is one's only`() async throws {
        try await store.transaction { try $0.put(Self.key("a"), [:], name: "first") }
        await #expect(throws: (any Error).self) {
            try await store.transaction { try $0.put(Self.key("b"), [:], name: "first") }
        }
        try await store.transaction { try $0.put(Self.key("b", under: "elsewhere"), [:], name: "first") }
        let found = try await store.transaction {
            try $0.entity(named: "first", kind: "Thing", parent: "", region: "here")
        }
        #expect(found?.key.id == "a")
    }

    @Test func `what is under a parent goes however deep it is, and nothing else`() async throws {
        let parents = ["a", "a/b", "a/b/c", "ab", "a0", "b"]
        try await store.transaction { transaction in
            for parent in parents { try transaction.put(Self.key("x", under: parent), [:], name: nil) }
            try transaction.put(Self.key("a"), [:], name: nil)
            try transaction.removeAll(under: "a", region: "here")
        }
        var left: [String] = []
        for parent in parents where try await !ids(under: parent).isEmpty { left.append(parent) }
        #expect(left == ["ab", "a0", "b"])
        #expect(try await ids() == ["a"])
    }
}
