import Testing

@testable import Authorization

@Suite struct UsedNoncesTests {
    private let nonces = UsedNonces()

    private func use(_ nonce: String, of key: String = "k", at now: UInt64, most: Int = 1_000_000) -> UsedNonces.Answer
    {
        nonces.use(nonce, of: key, now: now, window: 100, most: most)
    }

    @Test func `a nonce is fresh once, of each key`() {
        #expect(use("a", at: 1_000) == .fresh)
        #expect(use("a", at: 1_000) == .used)
        #expect(use("a", of: "other", at: 1_000) == .fresh)
        #expect(use("b", at: 1_000) == .fresh)
        #expect(nonces.contains("a", of: "k", now: 1_000, window: 100))
        #expect(!nonces.contains("c", of: "k", now: 1_000, window: 100))
    }

    @Test(arguments: [1_000, 1_010, 1_050, 1_099, 1_100, 1_101, 1_199, 1_200, 1_250] as [UInt64])
    func `it is used for a whole window, and not for ever`(first: UInt64) {
        // So that the window does not begin with it.
        _ = use("other", at: 1_000)
        #expect(use("a", at: first) == .fresh)
        for later in stride(from: first, through: first + 99, by: 7) { #expect(use("a", at: later) == .used) }
        #expect(!nonces.contains("a", of: "k", now: first + 10_000, window: 100))
        #expect(use("a", at: first + 20_000) == .fresh)
    }

    @Test func `a clock that goes back forgets nothing`() {
        #expect(use("a", at: 1_000) == .fresh)
        #expect(use("a", at: 900) == .used)
    }

    @Test func `no more are kept than may be, until the oldest end`() {
        var fresh = 0
        for number in 0..<2_000 where use("\(number)", at: 1_000, most: 640) == .fresh { fresh += 1 }
        #expect((500...640).contains(fresh))
        #expect(use("0", at: 1_000, most: 640) == .used)
        #expect(use("new", at: 2_000, most: 640) == .fresh)
    }
}
