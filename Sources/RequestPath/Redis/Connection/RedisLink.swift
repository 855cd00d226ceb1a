import Exchange
import NIOCore
import NIOPosix
import NIOSSL
import RESP

/// Performs what the state of one connection asks for: sockets, times and callbacks. Confined to its loop.
final class RedisLink: Expiring {
    typealias Completion = (Result<RESPValue, RedisError>) -> Void
    typealias State = RedisConnectionState<Completion>

    /// Told what concerns more than one command.
    protocol Owner: AnyObject {
        func becameReady(_ link: RedisLink, version: Int)
        func ended(_ link: RedisLink, _ failure: RedisFailure)
        func received(_ event: RedisSubscriptionEvent, of channel: ByteBuffer)
    }

    private let plan: RedisPlan
    private let eventLoop: any EventLoop
    private let deadlines: Deadlines
    private weak var owner: (any Owner)?
    private(set) var state: State
    private var slot: Deadlines.Slot?
    private var channel: RedisChannel?
    private var attempt: UInt64 = 0
    private var isPerforming = false
    private var isFlushDue = false

    init(_ plan: RedisPlan, role: State.Role, on eventLoop: any EventLoop, deadlines: Deadlines, owner: any Owner) {
        self.plan = plan
        self.eventLoop = eventLoop
        self.deadlines = deadlines
        self.owner = owner
        state = State(plan.configuration, role: role, seed: .random(in: 0...UInt64.max))
    }

    private var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

    // MARK: For the client

    func start() {
        slot = deadlines.add(self)
        state.start(now: now)
        perform()
    }

    func stop() {
        state.stop()
        perform()
        if let slot { deadlines.remove(slot) }
        slot = nil
    }

    func submit(
        _ command: RedisCommand,
        timeout: UInt64,
        patience: RedisPatience,
        completion: @escaping Completion
    ) {
        state.submit(command, waiter: completion, timeout: timeout, patience: patience, now: now)
        perform()
    }

    func subscribe(to channel: ByteBuffer) {
        state.subscribe(to: channel, now: now)
        perform()
    }

    func unsubscribe(from channel: ByteBuffer) {
        state.unsubscribe(from: channel, now: now)
        perform()
    }

    func deadlinePassed() {
        state.timePassed(now: now)
        perform()
    }

    // MARK: For the channel

    func opened(_ channel: RedisChannel, attempt: UInt64) {
        guard attempt == self.attempt else { return channel.close() }
        self.channel = channel
        state.opened(now: now)
        perform()
    }

    func received(_ bytes: ByteBuffer) {
        state.received(bytes, now: now)
        perform()
    }

    func closed(_ failure: RedisFailure, attempt: UInt64) {
        guard attempt == self.attempt else { return }
        channel = nil
        state.closed(failure, now: now)
        perform()
    }

    // MARK: Actions

    /// Performs all actions; those that callbacks bring about, too, but not within them.
    private func perform() {
        guard !isPerforming else { return }
        isPerforming = true
        while let action = state.nextAction() {
            switch action {
            case .connect: connect()
            case .write(let bytes): write(bytes)
            case .close: close()
            case .complete(let completion, let result): completion(result)
            case .ready(let version): owner?.becameReady(self, version: version)
            case .lost(let failure): owner?.ended(self, failure)
            case .subscription(let channel, let event): owner?.received(event, of: channel)
            }
        }
        isPerforming = false
        if let slot { deadlines.set(slot, at: state.wakeAt) }
    }

    private func write(_ bytes: ByteBuffer) {
        guard let channel else { return }
        channel.write(bytes)
        guard !isFlushDue else { return }
        isFlushDue = true
        // What is sent in the same turn of the loop goes out together.
        eventLoop.assumeIsolated().execute { [self] in
            isFlushDue = false
            self.channel?.flush()
        }
    }

    private func close() {
        // Whatever the old connection still says is about an attempt that is over.
        attempt += 1
        channel?.close()
        channel = nil
    }

    private func connect() {
        attempt += 1
        let (link, attempt) = (NIOLoopBound(self, eventLoop: eventLoop), attempt)
        let configuration = plan.configuration
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.nanoseconds(Int64(clamping: configuration.timings.connect)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try link.value.initialize(channel, attempt: attempt) }
            }
            .connect(host: configuration.host, port: configuration.port)
            .assumeIsolated()
            .whenFailure { link.value.closed(.unreachable(Self.reason(of: $0)), attempt: attempt) }
    }

    private func initialize(_ channel: any Channel, attempt: UInt64) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls = plan.context { try pipeline.addHandler(try plan.handler(tls)) }
        try pipeline.addHandler(RedisChannel(link: self, attempt: attempt, isSecure: plan.context != nil))
    }

    /// The system's words, without those about all the addresses that were tried.
    private static func reason(of error: any Error) -> String {
        guard let error = error as? NIOConnectionError else { return "\(error)" }
        if let failure = error.connectionErrors.first { return "\(failure.target): \(failure.error)" }
        return "\(error.host): \(error.dnsAError ?? error.dnsAAAAError ?? error)"
    }
}
