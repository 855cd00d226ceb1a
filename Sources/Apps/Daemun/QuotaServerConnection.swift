import Exchange
import Model
import NIOCore
import NIOPosix
import Redis
import Throttling

/// A connection to the Redis server that counts quotas, on a thread beside the workers: they ask it once for a block of calls.
final class QuotaServerConnection: Sendable {
    private struct Parts {
        let client: RedisClient
        let deadlines: Deadlines
    }

    let handle: RedisHandle
    private let parts: NIOLoopBound<Parts>

    /// Begins to connect. A server that is not there is tried again and again.
    /// - Throws: `Faults` when the URL can't be used.
    static func open(_ server: QuotaServer) throws(Faults) -> QuotaServerConnection {
        var configuration: RedisConfiguration
        do throws(RedisURLFault) {
            configuration = try RedisConfiguration(url: server.url)
        } catch {
            throw Faults([Fault("the URL \(error)", at: server.source, text: server.url)])
        }
        configuration.user = server.user
        configuration.password = server.password
        // A batch of the keeper goes out at once, and one that is as large may still be on its way.
        configuration.limits.commands = 2 * QuotaKeeper.mostPerBatch
        configuration.limits.bytes = 16 << 20
        let plan: RedisPlan
        do throws(RedisTLSFault) {
            plan = try RedisPlan(configuration)
        } catch {
            throw Faults([Fault("TLS can't be used: \(error)", at: server.source, text: server.url)])
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        do {
            return try loop.submit { QuotaServerConnection(plan, on: loop) }.wait()
        } catch {
            throw Faults([Fault("the connection can't be opened: \(error)", at: server.source, text: server.url)])
        }
    }

    private init(_ plan: RedisPlan, on loop: any EventLoop) {
        let deadlines = Deadlines(eventLoop: loop)
        let client = RedisClient(plan, on: loop, deadlines: deadlines)
        parts = NIOLoopBound(Parts(client: client, deadlines: deadlines), eventLoop: loop)
        handle = RedisHandle(client)
        client.start()
    }

    func close() async {
        let parts = parts
        try? await parts.eventLoop.submit {
            parts.value.client.stop()
            parts.value.deadlines.stop()
        }.get()
    }
}
