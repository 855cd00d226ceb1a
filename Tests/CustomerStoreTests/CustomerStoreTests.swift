import Credentials
import Crypto
import Foundation
import Testing

@testable import CustomerStore

struct CustomerStoreTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "customers-\(UUID()).sqlite").path
    private static let fingerprinter = KeyFingerprinter.random()

    private func open(at second: Int64 = 1_000) throws -> CustomerStore {
        try CustomerStore(path: path, fingerprinter: Self.fingerprinter) { second }
    }

    private func fingerprint(_ key: String) -> String {
        let digest = Array(SHA256.hash(data: Array(key.utf8)))
        return Self.fingerprinter.fingerprint(of: digest.span).description
    }

    @Test func `a customer is there with its settings, also for who opens the file next`() async throws {
        #expect(try await open().put("acme", settings: "{\"name\":\"Acme\"}"))
        let store = try open(at: 2_000)
        #expect(try await !store.put("acme", settings: "{}"))
        let record = try #require(try await store.customer("acme"))
        #expect(record.settings == "{}" && record.createdAt == 1_000 && record.changedAt == 2_000)
        #expect(try await store.customer("other") == nil)
    }

    @Test func `a key is told once, and kept as a fingerprint`() async throws {
        let store = try open()
        try await store.put("acme", settings: "{}")
        let key = try await store.makeKey("first", of: "acme")
        let isKey = GeneratedSecret.isAPIKey(Array(key.utf8).span, prefix: "dk")
        #expect(isKey)
        let changes = try await store.changes(after: 0)
        #expect(changes.put.map { $0.keys.map(\.fingerprint) } == [[fingerprint(key)]])
        let bytes = try Data(contentsOf: URL(filePath: path))
        #expect(bytes.range(of: Data(key.utf8)) == nil)
    }

    @Test func `a signing key is one customer's, whoever else wants its id`() async throws {
        let store = try open()
        for id in ["acme", "bolt"] { try await store.put(id, settings: "{}") }
        let key = StoredSigningKey(id: "k", form: .publicKey("PEM"), algorithm: "ed25519")
        try await store.addSigningKey(key, of: "acme")
        await #expect(throws: CustomerStoreFault.signingKeyExists("k")) {
            try await store.addSigningKey(key, of: "bolt")
        }
        #expect(try await store.changes(after: 0).put.map(\.signingKeys) == [[], [key]])
        await #expect(throws: CustomerStoreFault.unknownSigningKey("k")) {
            try await store.removeSigningKey("k", of: "bolt")
        }
        try await store.remove("acme")
        try await store.addSigningKey(key, of: "bolt")
        #expect(try await store.customer("bolt")?.signingKeys.map(\.id) == ["k"])
    }

    @Test func `what is sealed anew counts as a change, what stays does not`() async throws {
        let store = try open()
        for id in ["acme", "bolt"] {
            try await store.put(id, settings: "{}")
            try await store.addSigningKey(StoredSigningKey(id: id, form: .sealed("old \(id)")), of: id)
        }
        let last = try await store.changes(after: 0).last
        #expect(try await store.reseal { customer, _, _ in customer == "acme" ? "new" : nil } == 1)
        let changes = try await store.changes(after: last)
        #expect(changes.put.map(\.id) == ["acme"] && changes.put.first?.signingKeys.first?.form == .sealed("new"))
    }

    @Test func `sealing keys are called by their hash, and the first one seals`() throws {
        let (one, two) = (String(repeating: "01", count: 32), String(repeating: "02", count: 32))
        let owner = StoredSigningKey.owner(of: "k", customer: "acme")
        let former = try #require(try StoreKey.sealing([one]))
        let sealed = try former.seal([1, 2, 3], for: owner)
        let both = try #require(try StoreKey.sealing([two, one]))
        #expect(try both.open(sealed, for: owner) == [1, 2, 3] && both.isOutdated(sealed))
        let later = try #require(try StoreKey.sealing([two]))
        #expect(throws: SealingFault.unknownKey(former.currentID)) { try later.open(sealed, for: owner) }
        #expect(try StoreKey.sealing([]) == nil)
        #expect(throws: SealingFault.wrongKeySize) { try StoreKey.sealing(["01"]) }
    }

    @Test func `changes are told from one on, each customer as it is last`() async throws {
        let store = try open()
        for id in ["a", "b", "c"] { try await store.put(id, settings: "{}") }
        let first = try await store.changes(after: 0)
        #expect(first.put.map(\.id) == ["a", "b", "c"] && first.last == 3)
        _ = try await store.makeKey("k", of: "a")
        try await store.removeKey("k", of: "a")
        try await store.remove("b")
        let second = try await store.changes(after: first.last)
        #expect(second.put.map(\.id) == ["a"] && second.put[0].keys.isEmpty && second.removed == ["b"])
        #expect(try await store.changes(after: second.last).last == second.last)
        #expect(try await store.customers().map(\.id) == ["a", "c"])
    }

    @Test func `who checks calls is told settings without the name, whatever they are written in`() async throws {
        let store = try open()
        let settings = [
            ("a", #"{"name": "A", "plan":"gold"}"#), ("b", #"{"plan":"gold","name":"B"}"#),
            ("c", #"{"labels":{"name":"x"}}"#),
            ("d", "plan: gold"),
        ]
        for (id, text) in settings { try await store.put(id, settings: text) }
        let told = try await store.changes(after: 0).put.map(\.settings)
        #expect(told == [#"{"plan":"gold"}"#, #"{"plan":"gold"}"#, #"{"labels":{"name":"x"}}"#, "plan: gold"])
        #expect(try await store.customer("a")?.settings == settings[0].1)
    }

    @Test func `many changes are told in parts, each with its own credentials`() async throws {
        let store = try open()
        let hash = try #require(PasswordHash(of: Array("secret".utf8), cost: .least))
        for id in ["a", "b", "c", "d", "e"] {
            try await store.put(id, settings: "{}")
            _ = try await store.makeKey("key-\(id)", of: id)
            try await store.setPassword(hash, of: "user-\(id)", customer: id)
        }
        try await store.remove("b")
        var told: [String] = []
        var last: Int64 = 0
        while true {
            let changes = try await store.changes(after: last, limit: 2)
            guard changes.last > last else { break }
            #expect(changes.put.count + changes.removed.count <= 2)
            last = changes.last
            told += changes.put.map { "\($0.id) \($0.keys.map(\.id)) \($0.passwords.map(\.user))" }
            told += changes.removed
        }
        let there = ["a", "c", "d", "e"].map { "\($0) [\"key-\($0)\"] [\"user-\($0)\"]" }
        #expect(told == there + ["b"])
    }

    @Test func `who was removed may come again, without what they had`() async throws {
        let store = try open()
        try await store.put("acme", settings: "{}")
        _ = try await store.makeKey("k", of: "acme")
        try await store.remove("acme")
        #expect(try await store.put("acme", settings: "{}"))
        #expect(try await store.customer("acme")?.keys == [])
    }

    @Test func `customers are told a page at a time`() async throws {
        let store = try open()
        for id in ["b", "d", "a", "c"] { try await store.put(id, settings: "{}") }
        #expect(try await store.customers(limit: 3).map(\.id) == ["a", "b", "c"])
        #expect(try await store.customers(after: "c", limit: 3).map(\.id) == ["d"])
    }

    @Test func `a user's password is replaced, and no other customer may have that user`() async throws {
        let store = try open()
        let hash = try #require(PasswordHash(of: Array("secret".utf8), cost: .least))
        for id in ["a", "b"] { try await store.put(id, settings: "{}") }
        try await store.setPassword(hash, of: "wiley", customer: "a")
        try await store.setPassword(hash, of: "wiley", customer: "a")
        #expect(try await store.customer("a")?.users == ["wiley"])
        await #expect(throws: CustomerStoreFault.userExists("wiley")) {
            try await store.setPassword(hash, of: "wiley", customer: "b")
        }
        try await store.removePassword(of: "wiley", customer: "a")
        await #expect(throws: CustomerStoreFault.unknownUser("wiley")) {
            try await store.removePassword(of: "wiley", customer: "a")
        }
    }

    @Test func `what is not there is told`() async throws {
        let store = try open()
        await #expect(throws: CustomerStoreFault.unknownCustomer("acme")) { try await store.remove("acme") }
        await #expect(throws: CustomerStoreFault.unknownCustomer("acme")) {
            try await store.makeKey("k", of: "acme")
        }
        try await store.put("acme", settings: "{}")
        await #expect(throws: CustomerStoreFault.unknownKey("k")) { try await store.removeKey("k", of: "acme") }
        _ = try await store.makeKey("k", of: "acme")
        await #expect(throws: CustomerStoreFault.keyExists("k")) { try await store.makeKey("k", of: "acme") }
    }

    @Test func `a customer has so many keys and no more`() async throws {
        let store = try open()
        try await store.put("acme", settings: "{}")
        for number in 0..<CustomerStore.mostKeys { _ = try await store.makeKey("k\(number)", of: "acme") }
        await #expect(throws: CustomerStoreFault.tooManyKeys) { try await store.makeKey("one", of: "acme") }
    }

    @Test func `the store's key is made once, and only its owner may read it`() throws {
        let made = try StoreKey.fingerprinter(at: path)
        let again = try StoreKey.fingerprinter(at: path)
        let key = Array("a key".utf8)
        let fingerprints = [made.fingerprint(of: key.span), again.fingerprint(of: key.span)]
        #expect(fingerprints[0] == fingerprints[1])
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: StoreKey.Fault.readableByOthers(path: path)) { try StoreKey.fingerprinter(at: path) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try Data("short".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(throws: StoreKey.Fault.malformed(path: path)) { try StoreKey.fingerprinter(at: path) }
    }
}
