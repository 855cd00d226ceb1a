import Credentials
import Exchange
import Model
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Authorization

@Suite(.timeLimit(.minutes(5))) struct IssuerKeysTests {
    /// A server of keys that says what it is told to.
    private final class Server: Sendable {
        let answer = Mutex<Result<String, KeyFetchFault>>(.failure(.unreachable))

        func keys(keep: Duration = .seconds(60)) -> IssuerKeys {
            let origin = IssuerKeys.Origin(source: .keySet("https://keys.test"), refresh: .seconds(60), keep: keep)
            return IssuerKeys(origin) { (_) throws(KeyFetchFault) in
                try self.answer.withLock { (answer) throws(KeyFetchFault) in Array(try answer.get().utf8) }
            }
        }
    }

    /// A key set with one key on P-256 (RFC 7517, A.1).
    private static func document(_ id: String) -> String {
        """
        {"keys":[{"kty":"EC","crv":"P-256","kid":"\(id)",
        "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}
        """
    }

    @Test func `keys come, change and are counted as changes`() async {
        let server = Server()
        let keys = server.keys()
        #expect(keys.current == nil)
        server.answer.withLock { $0 = .success(Self.document("a")) }
        await keys.update()
        #expect(keys.current?.keys.map(\.id) == ["a"])
        let generation = keys.generation
        await keys.update()
        #expect(keys.generation == generation, "the same document changes nothing")
        server.answer.withLock { $0 = .success(Self.document("b")) }
        await keys.update()
        #expect(keys.current?.keys.map(\.id) == ["b"])
        #expect(keys.generation != generation)
    }

    @Test func `what came of a fetch that a token has asked for is told to who fetches meanwhile`() async throws {
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let origin = IssuerKeys.Origin(source: .keySet("https://keys.test"), refresh: .seconds(60), keep: .seconds(60))
        let keys = IssuerKeys(origin) { (_) throws(KeyFetchFault) in
            for await _ in gate { break }
            throw .unreachable
        }
        let loop = NIOAsyncTestingEventLoop()
        let fetched = try #require(keys.refetch(on: loop))
        async let news = keys.update()
        // It would fetch by itself if it came later, and be told the same.
        for _ in 0..<1_000 { await Task.yield() }
        opener.finish()
        guard case .failed(_, .unreachable, isWithoutKeys: true) = await news else {
            Issue.record("nothing was told")
            return
        }
        try await fetched.get()
        await loop.shutdownGracefully()
    }

    @Test(arguments: ["", "[]", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}"])
    func `what is no key set leaves the old keys`(text: String) async {
        let server = Server()
        let keys = server.keys()
        server.answer.withLock { $0 = .success(Self.document("a")) }
        await keys.update()
        server.answer.withLock { $0 = .success(text) }
        guard case .failed(_, .notAKeySet, isWithoutKeys: false) = await keys.update() else {
            Issue.record("it was taken")
            return
        }
        #expect(keys.current?.keys.count == 1)
    }

    @Test func `keys that could not be confirmed for too long are let go of`() async {
        let server = Server()
        let keys = server.keys(keep: .zero)
        server.answer.withLock { $0 = .success(Self.document("a")) }
        await keys.update()
        let generation = keys.generation
        server.answer.withLock { $0 = .failure(.unreachable) }
        await keys.update()
        #expect(keys.current == nil)
        #expect(keys.generation != generation)
    }

    @Test func `tokens make it fetch once at a time, and not again and again`() {
        var gate = FetchGate()
        var answers = [gate.ask(now: 0, hasKeys: true), gate.ask(now: 1, hasKeys: true)]
        var hasBegun = [gate.begin(now: 1)]
        gate.end()
        answers.append(gate.ask(now: 2, hasKeys: true))
        hasBegun.append(gate.begin(now: 3))
        answers.append(gate.ask(now: 4, hasKeys: true))
        gate.end()
        answers.append(gate.ask(now: FetchGate.pause, hasKeys: true))
        #expect(answers == [.start, .join, .tooEarly, .join, .start])
        #expect(hasBegun == [false, true])
    }

    @Test func `a fetch for want of any keys does not put off the one for an unknown key`() {
        var gate = FetchGate()
        var answers = [gate.ask(now: 0, hasKeys: false)]
        gate.end()
        answers.append(gate.ask(now: 1, hasKeys: false))
        answers.append(gate.ask(now: 2, hasKeys: true))
        gate.end()
        answers.append(gate.ask(now: FetchGate.pauseWithoutKeys, hasKeys: false))
        #expect(answers == [.start, .tooEarly, .start, .start])
    }

    @Test(
        arguments: [
            ("https://a.test", "a.test", 443, "/"), ("https://a.test:8443/x?y#z", "a.test", 8443, "/x?y"),
            ("http://127.0.0.1:80?q", "127.0.0.1", 80, "/?q"), ("http://[::1]:9/k", "::1", 9, "/k"),
        ]
    )
    func `a URL is taken apart`(text: String, host: String, port: Int, target: String) {
        let url = FetchURL(text)
        #expect(url?.host == host && url?.port == port && url?.target == target)
    }

    @Test(arguments: [
        "", "ftp://a", "https://", "https://a:0", "https://a:x", "https://u@a", "https://a\r\nb", "https:///x",
    ])
    func `what is no URL is none`(text: String) {
        #expect(FetchURL(text) == nil)
    }

    @Test(arguments: [
        ("https://a.test", true), ("http://127.0.0.1:1/x", true), ("http://localhost", true),
        ("http://[::1]:1", true), ("http://a.test", false), ("http://127.0.0.1.evil.test", false),
        ("http://localhost.evil.test", false), ("ftp://127.0.0.1", false),
    ])
    func `keys come over TLS, or from this machine`(url: String, isAsked: Bool) {
        #expect(KeyServer.mayBeAsked(url) == isAsked)
    }
}
