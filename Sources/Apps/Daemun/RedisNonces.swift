import Authorization
import Logging
import NIOCore
import RESP
import Redis
import Synchronization

/// Nonces that all gateways refuse together: a key in Redis for each, which ends when its signature could be good no longer.
final class RedisNonces: SharedNonces {
    private let client: NIOLoopBound<RedisClient>
    private let loop: any EventLoop
    private let failures: FailureLog
    /// Before this, in monotonic nanoseconds, nobody waits for a server that did not answer.
    private let awayUntil = Atomic<UInt64>(0)
    private let undecided = Atomic(0)

    private static let pause: UInt64 = 500_000_000

    /// On the client's loop.
    init(_ client: RedisClient, _ logger: Logger) {
        self.client = NIOLoopBound(client, eventLoop: client.eventLoop)
        loop = client.eventLoop
        failures = FailureLog(logger, "nonces can't be kept in Redis, on_failure of the authorizer decides")
    }

    /// How many could not be asked for.
    var unavailable: Int { undecided.load(ordering: .relaxed) }

    func use(_ name: String, for milliseconds: Int64, on caller: any EventLoop) -> EventLoopFuture<SharedNonceAnswer> {
        guard NIODeadline.now().uptimeNanoseconds >= awayUntil.load(ordering: .relaxed) else {
            undecided.wrappingAdd(1, ordering: .relaxed)
            return caller.makeSucceededFuture(.unavailable)
        }
        let promise = caller.makePromise(of: SharedNonceAnswer.self)
        loop.execute {
            self.client.value.send(RedisCommand("SET", name, "1", "NX", "PX", "\(milliseconds)")) { result in
                promise.succeed(self.answer(result))
            }
        }
        return promise.futureResult
    }

    private func answer(_ result: Result<RESPValue, RedisError>) -> SharedNonceAnswer {
        switch result {
        case .success(.null):
            return .used
        case .success:
            failures.end("nonces are kept in Redis again")
            return .fresh
        case .failure(let error):
            undecided.wrappingAdd(1, ordering: .relaxed)
            if error != .tooManyCommands {
                awayUntil.store(NIODeadline.now().uptimeNanoseconds + Self.pause, ordering: .relaxed)
            }
            failures.add(error)
            return .unavailable
        }
    }
}
