import Credentials
import Exchange
import Testing

@testable import Authorization

@Suite struct DecisionCacheTests {
    private let cache = DecisionCache(limit: 100)

    private static func decision(_ name: String, keys: IssuerKeys? = nil) -> Decision {
        Decision(Principal(authorizer: name), keys: keys)
    }

    private func find(_ text: String, now: UInt64 = 0) -> String? {
        let bytes = Array(text.utf8)
        return cache.decision(for: bytes.span, now: now)?.principal.authorizer
    }

    private func insert(_ text: String, until end: UInt64 = 10, keys: IssuerKeys? = nil, generation: UInt64 = 0) {
        let bytes = Array(text.utf8)
        cache.insert(Self.decision(text, keys: keys), for: bytes.span, until: end, generation: generation)
    }

    @Test func `a decision is found by all of its bytes`() {
        // Only the end is hashed, all is compared.
        let long = String(repeating: "a", count: 1_000)
        insert(long)
        #expect(find(long) == long)
        #expect(find("b" + long.dropFirst()) == nil)
        #expect(find(String(long.dropFirst())) == nil)
        #expect(find(long + "a") == nil)
        #expect(find("") == nil)
    }

    @Test func `a decision ends in time`() {
        insert("x", until: 10)
        #expect(find("x", now: 9) == "x")
        #expect(find("x", now: 10) == nil)
    }

    @Test func `what is used stays, and the number is bounded`() {
        insert("used")
        for number in 0..<10_000 {
            insert("n\(number)")
            if number % 50 == 0 { #expect(find("used") == "used", "\(number)") }
            #expect(cache.count <= 200)
        }
        #expect(find("n9999") == "n9999")
        #expect(find("n0") == nil)
    }

    @Test func `a decision by other keys than those of now holds no longer`() {
        let keys = IssuerKeys(KeySet([]))
        insert("now", keys: keys, generation: keys.generation)
        insert("before", keys: keys, generation: keys.generation &- 1)
        #expect(find("now") == "now")
        #expect(find("before") == nil)
    }

    @Test func `very long credentials are not kept`() {
        let long = String(repeating: "a", count: DecisionCache.mostBytes + 1)
        insert(long)
        #expect(find(long) == nil)
    }
}
