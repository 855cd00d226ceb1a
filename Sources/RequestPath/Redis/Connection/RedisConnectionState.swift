import DequeModule
import Exchange
import NIOCore
import RESP

/// What one connection to a server owes and is owed, from the first attempt to the last: bytes and times come in, actions come
/// out. It knows no sockets and no clock.
///
/// Replies come in the order of the commands. A command whose time has passed keeps its place, so that its late reply is told
/// from the next one's.
///
/// After each call the owner performs `nextAction()` until there is none, and calls `timePassed` when `wakeAt` has come. All
/// times are monotonic nanoseconds. What can't happen by the rules is told by `RedisFailure.outOfOrder`, and ends the
/// connection, not the process; calls that a race makes superfluous, such as bytes after the end, do nothing.
struct RedisConnectionState<Waiter>: ~Copyable {
    /// What to do next.
    enum Action {
        /// Open a connection, and say `opened` or `closed`.
        case connect
        /// Send bytes.
        case write(ByteBuffer)
        /// Close the connection, or stop opening it. Nothing of it is to be told any more.
        case close
        /// Give a command's caller its result.
        case complete(Waiter, Result<RESPValue, RedisError>)
        /// The connection is ready, and speaks this version.
        case ready(version: Int)
        /// The connection that was ready ended, or an attempt did.
        case lost(RedisFailure)
        /// Something happened to a subscription.
        case subscription(channel: ByteBuffer, RedisSubscriptionEvent)
    }

    /// What a connection is for.
    enum Role {
        /// Commands, and with RESP3 subscriptions, too.
        case commands
        /// Subscriptions in RESP2, where a connection that has some runs no commands.
        case subscriptions
    }

    enum Phase: Equatable {
        case resting
        case opening(until: UInt64)
        case greeting(until: UInt64)
        case ready(since: UInt64)
        case pausing(until: UInt64, RedisFailure)
        case stopped
    }

    /// What was sent and not answered.
    struct Sent {
        enum Purpose: Equatable {
            case hello, authentication, selection, command, ping
            case load(digest: String)
            case subscribing(ByteBuffer)
            case unsubscribing(ByteBuffer)
        }

        var purpose: Purpose
        var size: Int
        /// Nobody waits for the client's own commands, nor for one whose time has passed.
        var waiter: Waiter?
        var command: RedisCommand?
        var deadline = UInt64.max
        /// Whether it was sent again after its script was loaded.
        var isRepeated = false
    }

    /// What waits for a connection.
    struct Waiting {
        var command: RedisCommand
        var waiter: Waiter
        var deadline: UInt64
        /// Until when it waits for a connection.
        var patience: UInt64
    }

    let configuration: RedisConfiguration
    let role: Role
    var phase = Phase.resting
    var version = 3
    var counts = RedisCounts()
    /// When to call `timePassed` at the latest.
    var wakeAt = UInt64.max
    var actions: Deque<Action> = []
    var sent: Deque<Sent> = []
    var waiting: Deque<Waiting> = []
    var subscriptions: [Subscription] = []
    /// Bytes of `sent` and `waiting`.
    var size = 0
    /// Digests of the scripts that are being loaded.
    var loading: [String] = []
    var parser: RESPParser
    var lastFailure: RedisFailure?
    /// When bytes last came or went while nothing was owed.
    var lastTraffic: UInt64 = 0
    /// Since when the first of `sent` is the one that the server owes.
    var owedSince: UInt64 = 0
    /// Failures in a row.
    var failures: UInt64 = 0
    /// Whether this connection has been of use, so that its end is no failure in a row.
    var hasServed = false
    /// Whether the connection is given up once all that it owes has come.
    var isLeaving = false
    var generator: SplitMix64

    init(_ configuration: RedisConfiguration, role: Role, seed: UInt64) {
        self.configuration = configuration
        self.role = role
        parser = RESPParser(limits: configuration.limits.reply)
        generator = SplitMix64(seed: seed)
    }

    mutating func nextAction() -> Action? { actions.popFirst() }

    var status: RedisStatus {
        switch phase {
        case .resting: .resting
        case .opening, .greeting: .connecting
        case .ready: .ready(version: version)
        case .pausing(_, let failure): .pausing(failure)
        case .stopped: .stopped
        }
    }

    // MARK: The life of connections

    mutating func start(now: UInt64) {
        guard phase == .resting else { return }
        open(now: now)
    }

    /// Ends everything, for good.
    mutating func stop() {
        if isConnected { actions.append(.close) }
        phase = .stopped
        failSent(.stopped)
        // These were never sent, and their callers may go elsewhere with them.
        for entry in waiting { actions.append(.complete(entry.waiter, .failure(.notConnected(lastFailure)))) }
        waiting = []
        size = 0
        wakeAt = .max
    }

    /// The connection is there, with TLS if that was asked for.
    mutating func opened(now: UInt64) {
        guard case .opening(let until) = phase else { return }
        phase = .greeting(until: until)
        parser = RESPParser(limits: configuration.limits.reply)
        isLeaving = false
        hasServed = false
        loading = []
        owedSince = now
        greet(now: now)
        updateWake()
    }

    /// The connection ended, or there will be none.
    mutating func closed(_ failure: RedisFailure, now: UInt64) {
        guard isConnected else { return }
        lose(failure, now: now)
    }

    mutating func received(_ bytes: ByteBuffer, now: UInt64) {
        var input = bytes
        while isTalking {
            do throws(RESPFault) {
                guard let value = try parser.parse(&input) else { break }
                take(value, now: now)
            } catch {
                lose(.malformed(error), now: now)
            }
        }
        if isLeaving, sent.isEmpty { lose(.readOnly, now: now) }
    }

    /// Ends what has taken too long, and begins what was to begin by now.
    mutating func timePassed(now: UInt64) {
        expireWaiting(now: now)
        expireSent(now: now)
        switch phase {
        case .opening(let until), .greeting(let until):
            if until <= now { lose(.connectTimedOut, now: now) }
        case .pausing(let until, _):
            if until <= now { open(now: now) }
        case .ready:
            if sent.isEmpty {
                if lastTraffic &+ configuration.timings.keepAlive <= now { ping(now: now) }
            } else if owedSince &+ configuration.timings.silence <= now {
                lose(.silent, now: now)
            }
        case .resting, .stopped: break
        }
        updateWake()
    }

    /// Whether a connection is there or being opened.
    var isConnected: Bool {
        switch phase {
        case .opening, .greeting, .ready: true
        case .resting, .pausing, .stopped: false
        }
    }

    /// Whether bytes of the server mean something.
    var isTalking: Bool {
        switch phase {
        case .greeting, .ready: true
        case .resting, .opening, .pausing, .stopped: false
        }
    }

    private mutating func open(now: UInt64) {
        phase = .opening(until: now &+ configuration.timings.connect)
        actions.append(.connect)
        updateWake()
    }

    mutating func lose(_ failure: RedisFailure, now: UInt64) {
        if case .ready(let since) = phase {
            counts.lostConnections += 1
            if hasServed || since &+ configuration.timings.longestPause <= now { failures = 0 }
        } else {
            counts.failedConnections += 1
        }
        failures += 1
        lastFailure = failure
        isLeaving = false
        phase = .pausing(until: now &+ pause(), failure)
        actions.append(.close)
        failSent(.connectionLost(failure))
        interruptSubscriptions()
        actions.append(.lost(failure))
        updateWake()
    }

    /// Doubles with each failure in a row up to the most, give or take a half, so that the nodes of a fleet do not come at once.
    private mutating func pause() -> UInt64 {
        let timings = configuration.timings
        let doublings = min(failures - 1, 32)
        let mean = min(timings.shortestPause << doublings, timings.longestPause)
        return mean / 2 + generator.next(below: mean + 1)
    }

    mutating func updateWake() {
        var wake = UInt64.max
        switch phase {
        case .opening(let until), .greeting(let until), .pausing(let until, _): wake = until
        case .ready:
            wake =
                sent.isEmpty
                ? lastTraffic &+ configuration.timings.keepAlive : owedSince &+ configuration.timings.silence
        case .resting, .stopped: break
        }
        for entry in waiting { wake = min(wake, entry.patience) }
        for entry in sent where entry.waiter != nil { wake = min(wake, entry.deadline) }
        wakeAt = wake
    }
}
