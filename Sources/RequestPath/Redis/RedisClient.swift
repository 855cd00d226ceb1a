public import Exchange
public import NIOCore
public import RESP

/// A worker's connection to a Redis server, with commands in a pipeline and subscribed channels.
///
/// Confined to its event loop: every call is made there, and every closure is called there. It connects on `start`, again
/// after each end, and until `stop`.
///
/// ```swift
/// client.send(RedisCommand("HGET", "routes", "orders")) { result in … }
/// client.subscribe(to: "routes") { event in … }
/// ```
public final class RedisClient {
    /// Told a command's result, once.
    public typealias Completion = (Result<RESPValue, RedisError>) -> Void
    /// Told what happens to a channel.
    public typealias Listener = (RedisSubscriptionEvent) -> Void

    /// The client's loop.
    public let eventLoop: any EventLoop
    private let plan: RedisPlan
    private let deadlines: Deadlines
    private var main: RedisLink?
    /// With RESP2 subscriptions have a connection of their own.
    private var second: RedisLink?
    /// Of second connections that are no more.
    private var formerCounts = RedisCounts()
    private var listeners: [ByteBuffer: Listener] = [:]
    private var needsSecond = false

    /// Makes a client, which does not connect yet.
    /// - Parameter deadlines: those of the loop.
    public init(_ plan: RedisPlan, on eventLoop: any EventLoop, deadlines: Deadlines) {
        self.plan = plan
        self.eventLoop = eventLoop
        self.deadlines = deadlines
    }

    /// Connects.
    public func start() {
        guard main == nil else { return }
        let link = RedisLink(plan, role: .commands, on: eventLoop, deadlines: deadlines, owner: self)
        main = link
        for channel in listeners.keys { link.subscribe(to: channel) }
        link.start()
    }

    /// Ends the connection and all commands on their way, for good.
    public func stop() {
        main?.stop()
        second?.stop()
        listeners = [:]
    }

    /// Sends a command; with others of the same turn of the loop in one write.
    /// - Parameters:
    ///   - timeout: nanoseconds to wait for the reply; `nil` for the configuration's.
    ///   - patience: what becomes of it without a connection.
    ///   - completion: is told the reply or why there is none. An error of the server is a failure.
    public func send(
        _ command: RedisCommand,
        timeout: UInt64? = nil,
        patience: RedisPatience = .fails,
        completion: @escaping Completion
    ) {
        guard let main else { return completion(.failure(.notConnected(nil))) }
        let timeout = timeout ?? plan.configuration.timings.command
        main.submit(command, timeout: timeout, patience: patience, completion: completion)
    }

    /// Listens to a channel, now and after each reconnect. A second listener to a channel takes the first one's place.
    public func subscribe(to channel: String, listener: @escaping Listener) {
        let channel = ByteBuffer(string: channel)
        listeners[channel] = listener
        main?.subscribe(to: channel)
        second?.subscribe(to: channel)
        openSecondIfNeeded()
    }

    /// Listens to a channel no more.
    public func unsubscribe(from channel: String) {
        let channel = ByteBuffer(string: channel)
        guard listeners.removeValue(forKey: channel) != nil else { return }
        main?.unsubscribe(from: channel)
        second?.unsubscribe(from: channel)
    }

    /// Whether commands go out now.
    public var status: RedisStatus { main?.state.status ?? .resting }

    /// What it has done, with both connections together.
    public var counts: RedisCounts {
        formerCounts + (main?.state.counts ?? RedisCounts()) + (second?.state.counts ?? RedisCounts())
    }

    /// Commands that were sent or wait, and whose place is not free yet.
    public var commandsUnderWay: Int {
        guard let main else { return 0 }
        return main.state.sent.count + main.state.waiting.count
    }

    private func openSecondIfNeeded() {
        guard needsSecond, second == nil, !listeners.isEmpty else { return }
        let link = RedisLink(plan, role: .subscriptions, on: eventLoop, deadlines: deadlines, owner: self)
        second = link
        for channel in listeners.keys { link.subscribe(to: channel) }
        link.start()
    }

    private func closeSecond() {
        guard let link = second else { return }
        second = nil
        formerCounts = formerCounts + link.state.counts
        link.stop()
    }
}

extension RedisClient: RedisLink.Owner {
    func becameReady(_ link: RedisLink, version: Int) {
        guard link === main else { return }
        needsSecond = version == 2
        if needsSecond { openSecondIfNeeded() } else { closeSecond() }
    }

    func ended(_ link: RedisLink, _ failure: RedisFailure) {}

    func received(_ event: RedisSubscriptionEvent, of channel: ByteBuffer) { listeners[channel]?(event) }
}
