import NIOCore
public import RESP

/// A client of a loop, for callers elsewhere, such as the control plane. Each call goes to the loop and back, which costs
/// microseconds: not for the way of a request.
public struct RedisHandle: Sendable {
    private let client: NIOLoopBound<RedisClient>

    /// Makes a handle. On the client's loop.
    public init(_ client: RedisClient) { self.client = NIOLoopBound(client, eventLoop: client.eventLoop) }

    /// Sends a command, and waits for a connection if there is none.
    /// - Parameter timeout: nanoseconds to wait for the reply; `nil` for the configuration's.
    public func send(_ command: RedisCommand, timeout: UInt64? = nil) async throws(RedisError) -> RESPValue {
        let client = client
        let result = await withCheckedContinuation { continuation in
            client.eventLoop.execute {
                client.value.send(command, timeout: timeout, patience: .waits) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }

    /// What happens to a channel, from now on and until the sequence is given up. Of messages that are not taken, the newest
    /// 1024 are kept.
    public func events(of channel: String) -> AsyncStream<RedisSubscriptionEvent> {
        let (events, continuation) = AsyncStream.makeStream(
            of: RedisSubscriptionEvent.self,
            bufferingPolicy: .bufferingNewest(1024)
        )
        let client = client
        continuation.onTermination = { _ in
            client.eventLoop.execute { client.value.unsubscribe(from: channel) }
        }
        client.eventLoop.execute {
            client.value.subscribe(to: channel) { continuation.yield($0) }
        }
        return events
    }
}
