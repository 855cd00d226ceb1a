import Exchange
import Model
import NIOCore
import NIOPosix
import RESP
import Testing

@testable import Redis

/// A client on a loop, for tests that are not.
struct LoopedClient: Sendable {
    private final class Parts {
        let client: RedisClient
        let deadlines: Deadlines

        init(_ plan: RedisPlan, on loop: any EventLoop) {
            deadlines = Deadlines(eventLoop: loop)
            client = RedisClient(plan, on: loop, deadlines: deadlines)
        }
    }

    private let parts: NIOLoopBound<Parts>
    let handle: RedisHandle

    static func start(_ configuration: RedisConfiguration) async throws -> LoopedClient {
        let plan = try RedisPlan(configuration)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        return try await loop.submit { LoopedClient(plan, on: loop) }.get()
    }

    private init(_ plan: RedisPlan, on loop: any EventLoop) {
        let parts = Parts(plan, on: loop)
        self.parts = NIOLoopBound(parts, eventLoop: loop)
        handle = RedisHandle(parts.client)
        parts.client.start()
    }

    /// Does something with the client on its loop.
    func on<Value: Sendable>(_ body: @escaping @Sendable (RedisClient) throws -> Value) async throws -> Value {
        let parts = parts
        return try await parts.eventLoop.submit { try body(parts.value.client) }.get()
    }

    func stop() async throws {
        let parts = parts
        try await parts.eventLoop.submit {
            parts.value.client.stop()
            parts.value.deadlines.stop()
        }.get()
    }

    /// A reply, or why there is none.
    func result(
        of command: RedisCommand,
        timeout: UInt64? = nil,
        patience: RedisPatience = .waits
    ) async -> Result<RESPValue, RedisError> {
        let parts = parts
        return await withCheckedContinuation { continuation in
            parts.eventLoop.execute {
                parts.value.client.send(command, timeout: timeout, patience: patience) {
                    continuation.resume(returning: $0)
                }
            }
        }
    }

    func send(_ words: String...) async throws -> RESPValue {
        try await result(of: command(words)).get()
    }

    func error(of words: String...) async -> RedisError? {
        guard case .failure(let error) = await result(of: command(words)) else { return nil }
        return error
    }

    private func command(_ words: [String]) -> RedisCommand {
        RedisCommand { writer in
            for word in words { writer.word(word) }
        }
    }

    func lease(_ limit: SharedLimit, _ request: LeaseRequest) async -> Result<Lease, LeaseFailure> {
        let parts = parts
        return await withCheckedContinuation { continuation in
            parts.eventLoop.execute {
                parts.value.client.lease(limit, request) { continuation.resume(returning: $0) }
            }
        }
    }

    func giveBack(_ limit: SharedLimit, _ request: LeaseRequest, unspent: Int) async -> Result<Int, RedisError> {
        let parts = parts
        return await withCheckedContinuation { continuation in
            parts.eventLoop.execute {
                parts.value.client.giveBack(limit, request, unspent: unspent) { continuation.resume(returning: $0) }
            }
        }
    }

    /// Asks until the server answers without an error, as it does soon after its start.
    func waitUntilServed() async throws {
        for _ in 0..<100 {
            if case .success = await result(of: RedisCommand("PING")) { return }
        }
        throw RedisError.timedOut
    }
}

extension RedisServerProcess {
    /// How to reach it, with pauses that suit a test.
    var configuration: RedisConfiguration {
        var configuration = RedisConfiguration(host: "127.0.0.1")
        configuration.port = port
        configuration.timings.command = 5_000 * millisecond
        configuration.timings.connect = 2_000 * millisecond
        configuration.timings.shortestPause = 10 * millisecond
        configuration.timings.longestPause = 100 * millisecond
        return configuration
    }

    func connect(_ change: (inout RedisConfiguration) -> Void = { _ in }) async throws -> LoopedClient {
        var configuration = configuration
        change(&configuration)
        let client = try await LoopedClient.start(configuration)
        do {
            try await client.waitUntilServed()
        } catch {
            Issue.record("the server does not answer: \(lastWords)")
            throw error
        }
        return client
    }
}
