import Exchange
import Logging
import Model
import NIOCore
import NIOPosix
import Observation
import Redis
import Throttling

/// The Redis server that this gateway shares with others: one connection, on a thread beside the workers, who ask it once for many
/// calls.
final class SharedServer: Sendable {
    private struct Parts {
        let client: RedisClient
        let deadlines: Deadlines
    }

    /// For what asks from elsewhere.
    let handle: RedisHandle
    /// The throttles that are shared.
    let rates: SharedRates
    /// The nonces of signatures.
    let nonces: RedisNonces
    private let server: RedisServer
    private let parts: NIOLoopBound<Parts>
    private let failures: FailureLog
    private let running: Task<Void, Never>

    /// Begins to connect. A server that is not there is tried again and again.
    /// - Returns: `nil` when the model names no server.
    /// - Throws: `Faults` when the URL can't be used.
    static func open(for model: Model, logger: Logger) throws(Faults) -> SharedServer? {
        guard var server = model.redis else { return nil }
        let source = server.source
        let configuration = try configuration(of: server)
        let plan: RedisPlan
        do throws(RedisTLSFault) {
            plan = try RedisPlan(configuration)
        } catch {
            throw Faults([Fault("TLS can't be used: \(error)", at: source, text: server.url)])
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        do {
            // Where it was written may change at any time.
            server.source = nil
            return try loop.submit { [server] in SharedServer(server, plan, on: loop, logger) }.wait()
        } catch {
            throw Faults([Fault("the connection can't be opened: \(error)", at: source, text: server.url)])
        }
    }

    private static func configuration(of server: RedisServer) throws(Faults) -> RedisConfiguration {
        var configuration: RedisConfiguration
        do throws(RedisURLFault) {
            configuration = try RedisConfiguration(url: server.url)
        } catch {
            throw Faults([Fault("the URL \(error)", at: server.source, text: server.url)])
        }
        configuration.user = server.user
        configuration.password = server.password
        // A batch of quotas goes out at once, and one that is as large may still be on its way; throttles come besides.
        configuration.limits.commands = 3 * QuotaKeeper.mostPerBatch
        configuration.limits.bytes = 24 << 20
        return configuration
    }

    private init(_ server: RedisServer, _ plan: RedisPlan, on loop: any EventLoop, _ logger: Logger) {
        let deadlines = Deadlines(eventLoop: loop)
        let client = RedisClient(plan, on: loop, deadlines: deadlines)
        let failures = FailureLog(
            logger,
            "shared throttles can't be counted in Redis, each does what its on_failure says"
        )
        self.server = server
        self.failures = failures
        parts = NIOLoopBound(Parts(client: client, deadlines: deadlines), eventLoop: loop)
        handle = RedisHandle(client)
        let rates = SharedRates(ledger: RedisRateLedger(client), clock: { NIODeadline.now().uptimeNanoseconds }) {
            error in
            if let error { failures.add(error) } else { failures.end("shared throttles are counted in Redis again") }
        }
        self.rates = rates
        nonces = RedisNonces(client, logger)
        running = Task.detached { await rates.run() }
        client.start()
    }

    /// Waits for the first connection, for a second or so: calls that come before would be decided upon without it.
    func settle() async { _ = try? await handle.send(RedisCommand("PING")) }

    /// The server of another model.
    /// - Throws: a fault when that is another server than this one.
    func remaining(for model: Model) throws(Faults) -> SharedServer {
        guard var wanted = model.redis else { return self }
        wanted.source = nil
        guard wanted != server else { return self }
        let rule = "the Redis server changes with a restart only; it is \(server.url) now"
        throw Faults([Fault(rule, at: model.redis?.source, text: wanted.url)])
    }

    var families: [MetricFamily] {
        [
            MetricFamily(
                name: "daemun_throttle_server_failures_total",
                help: "Times that Redis could not be asked for tokens of a shared throttle.",
                kind: .counter,
                samples: [MetricSample(value: .number(Double(failures.count)))]
            ),
            MetricFamily(
                name: "daemun_nonce_alone_total",
                help: "Signatures whose nonce Redis could not be asked for, so that on_failure decided.",
                kind: .counter,
                samples: [MetricSample(value: .number(Double(nonces.unavailable)))]
            ),
        ]
    }

    /// Gives back what was not used, and disconnects. Only after the last call.
    func stop() async {
        running.cancel()
        await rates.stop()
        let parts = parts
        try? await parts.eventLoop.submit {
            parts.value.client.stop()
            parts.value.deadlines.stop()
        }.get()
    }
}
