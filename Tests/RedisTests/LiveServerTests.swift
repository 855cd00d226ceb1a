import Model
import NIOCore
import RESP
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(5))) struct LiveServerTests {
    @Test(arguments: [RedisConfiguration.Version.newest, .resp2])
    func `both versions of the protocol carry commands`(version: RedisConfiguration.Version) async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect { configuration in
            configuration.version = version
            configuration.database = 3
        }
        #expect(try await client.on(\.status) == .ready(version: version == .newest ? 3 : 2))
        #expect(try await client.send("SET", "a", "bytes \u{1F600}").string == "OK")
        #expect(try await client.send("GET", "a").string == "bytes \u{1F600}")
        #expect(try await client.send("GET", "none") == .null)
        _ = try await client.send("HSET", "h", "x", "1")
        #expect(try await client.send("HGETALL", "h").pairs?.first?.value.integer == 1)
        #expect(try await client.send("CLIENT", "LIST").string?.contains("db=3") == true)
        #expect(
            await client.error(of: "HGET", "a", "x")
                == .server(
                    RedisServerError(
                        "WRONGTYPE Operation against a key holding the wrong kind of value"
                    )
                )
        )
        try await client.stop()
    }

    @Test func `thousands of commands at once have each its own reply`() async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        for round in 0..<5 {
            let replies = try await client.on { client in
                let promise = client.eventLoop.makePromise(of: [Int64].self)
                var replies: [Int64] = []
                for number in 0..<1000 {
                    client.send(RedisCommand("ECHO", "\(round * 1000 + number)")) { result in
                        replies.append((try? result.get())?.integer ?? -1)
                        if replies.count == 1000 { promise.succeed(replies) }
                    }
                }
                return promise.futureResult
            }.get()
            let expected = (0..<1000).map { Int64(round * 1000 + $0) }
            #expect((replies == expected) == true)
        }
        try await client.stop()
    }

    @Test func `a script is loaded where it is not known, and again after the server forgot it`() async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        let script = RedisScript("return {KEYS[1], ARGV[1]}")
        for _ in 0..<2 {
            for word in ["a", "b"] {
                let command = RedisCommand(script, keys: 1) { writer in
                    writer.word("key")
                    writer.word(word)
                }
                let reply = try await client.result(of: command).get()
                #expect(reply.elements?.map(\.string) == ["key", word])
            }
            _ = try await client.send("SCRIPT", "FLUSH")
        }
        #expect(try await client.on(\.counts).loadedScripts == 2)
        try await client.stop()
    }

    @Test func `a server that hangs frees the caller, and its late replies reach nobody`() async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        server.pause()
        let slow = await client.result(of: RedisCommand("ECHO", "slow"), timeout: 50 * millisecond)
        #expect(slow == .failure(.timedOut))
        server.resume()
        #expect(try await client.send("ECHO", "next").string == "next")
        #expect(try await client.on(\.counts).lateReplies == 1)
        #expect(try await client.on(\.counts).lostConnections == 0)
        try await client.stop()
    }

    @Test func `a server that hangs for long is left, and found again`() async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect { configuration in
            configuration.timings.silence = 200 * millisecond
            configuration.timings.connect = 1_000 * millisecond
        }
        server.pause()
        #expect(await client.error(of: "ECHO", "slow") == .connectionLost(.silent))
        let unsent = await client.result(of: RedisCommand("PING"), patience: .fails)
        // On a busy machine the next attempt to connect may have failed, too, and is the reason then.
        let reasons: [RedisFailure] = [.silent, .connectTimedOut]
        #expect(reasons.contains { unsent == .failure(.notConnected($0)) })
        server.resume()
        try await client.waitUntilServed()
        try await client.stop()
    }

    @Test func `a server that is killed and comes back empty is found again`() async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        _ = try await client.send("SET", "a", "b")
        for _ in 0..<3 {
            server.kill()
            try server.start()
            try await client.waitUntilServed()
            #expect(try await client.send("GET", "a") == .null)
        }
        #expect(try await client.on(\.counts).lostConnections == 3)
        try await client.stop()
    }

    @Test(arguments: [RedisConfiguration.Version.newest, .resp2])
    func `users and passwords are shown, and refusals told`(version: RedisConfiguration.Version) async throws {
        let server = try RedisServerProcess([
            "--requirepass", "old", "--user", "limited", "on", ">p:1", "+ping", "+get", "~a",
        ])
        defer { server.kill() }
        let asDefault = try await server.connect { configuration in
            configuration.version = version
            configuration.password = Secret("old")
        }
        #expect(try await asDefault.send("SET", "a", "1").string == "OK")
        let limited = try await server.connect { configuration in
            configuration.version = version
            configuration.user = "limited"
            configuration.password = Secret("p:1")
        }
        #expect(try await limited.send("GET", "a").string == "1")
        guard case .server(let error)? = await limited.error(of: "SET", "a", "2") else {
            Issue.record("allowed")
            return
        }
        #expect(error.kind == .notPermitted)
        var wrong = server.configuration
        wrong.version = version
        wrong.password = Secret("new")
        wrong.timings.connect = 200 * millisecond
        let stranger = try await LoopedClient.start(wrong)
        var refusal: RedisServerError?
        // On a busy machine the server's answer may come after the wait for a connection.
        for _ in 0..<50 where refusal == nil {
            if case .notConnected(.refused(let reason)?)? = await stranger.error(of: "PING") { refusal = reason }
        }
        #expect(refusal?.kind == .wrongPassword)
        for client in [asDefault, limited, stranger] { try await client.stop() }
    }

    @Test func `a full server and a read-only one say so`() async throws {
        let server = try RedisServerProcess(["--maxmemory", "1", "--maxmemory-policy", "noeviction"])
        defer { server.kill() }
        let client = try await server.connect()
        guard case .server(let full)? = await client.error(of: "SET", "a", "b") else {
            Issue.record("not full")
            return
        }
        #expect(full.kind == .outOfMemory)
        _ = try await client.send("CONFIG", "SET", "maxmemory", "0")
        _ = try await client.send("REPLICAOF", "127.0.0.1", "1")
        guard case .server(let readOnly)? = await client.error(of: "SET", "a", "b") else {
            Issue.record("not read-only")
            return
        }
        #expect(readOnly.kind == .readOnly)
        // The connection was given up for a new one.
        try await client.waitUntilServed()
        #expect(try await client.on(\.counts).connections == 2)
        try await client.stop()
    }

    @Test func `a server that reads its data says that it is loading`() async throws {
        let server = try RedisServerProcess(["--key-load-delay", "1000", "--rdbcompression", "no"])
        defer { server.kill() }
        let client = try await server.connect()
        for index in 0..<400 { _ = try await client.send("SET", "key\(index)", String(repeating: "x", count: 20_000)) }
        _ = try await client.send("SAVE")
        server.kill()
        try server.start()
        var isLoading = false
        for _ in 0..<100 where !isLoading {
            if case .server(let error)? = await client.error(of: "GET", "key1") { isLoading = error.kind == .loading }
        }
        #expect(isLoading)
        try await client.stop()
    }

    @Test(arguments: [RedisConfiguration.Version.newest, .resp2])
    func `subscriptions outlive the server, and tell that something may be missing`(
        version: RedisConfiguration.Version
    ) async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect { $0.version = version }
        var events = client.handle.events(of: "routes").makeAsyncIterator()
        #expect(await events.next() == .active(mayHaveMissed: false))
        _ = try await client.send("PUBLISH", "routes", "1")
        #expect(await events.next() == .message(ByteBuffer(string: "1")))
        server.kill()
        #expect(await events.next() == .interrupted)
        try server.start()
        #expect(await events.next() == .active(mayHaveMissed: true))
        try await client.waitUntilServed()
        #expect(try await client.send("PUBLISH", "routes", "2").integer == 1)
        #expect(await events.next() == .message(ByteBuffer(string: "2")))
        try await client.stop()
    }

    @Test func `commands while the server is away fail at once or wait`() async throws {
        let server = try RedisServerProcess()
        defer { server.kill() }
        let client = try await server.connect()
        server.kill()
        while case .success = await client.result(of: RedisCommand("PING"), patience: .fails) {}
        let clock = ContinuousClock()
        let took = await clock.measure {
            guard case .failure(.notConnected) = await client.result(of: RedisCommand("PING"), patience: .fails) else {
                Issue.record("not away")
                return
            }
        }
        #expect(took < .milliseconds(1_500))
        async let waiting = client.send("PING")
        try server.start()
        #expect(try await waiting.string == "PONG")
        try await client.stop()
    }
}
