public import Model
public import RESP

/// Which server to talk to, and how.
public struct RedisConfiguration: Sendable, Hashable {
    /// A name, which is looked up anew for each connection, or a numeric address.
    public var host: String
    /// The port.
    public var port = 6379
    /// The user of the server's access list; `nil` for its default user.
    public var user: String?
    /// The user's password; `nil` when the server wants none.
    public var password: Secret?
    /// The number of the database.
    public var database = 0
    /// How to use TLS; `nil` for a plain connection.
    public var tls: RedisTLS?
    /// Which protocol to speak.
    public var version = Version.newest
    /// How long to wait for what.
    public var timings = RedisTimings()
    /// How much may be on its way.
    public var limits = RedisLimits()

    /// Versions of the protocol.
    public enum Version: Sendable, Hashable {
        /// RESP3, or RESP2 with a server that does not know it.
        case newest
        /// RESP2 only, for proxies that close the connection when they are asked for more.
        case resp2
    }

    /// Makes a configuration with the defaults.
    public init(host: String) { self.host = host }
}

/// How long to wait for what, in nanoseconds.
public struct RedisTimings: Sendable, Hashable {
    /// For connecting, TLS and the greeting together, and for a connection by a command that may wait for one.
    public var connect: UInt64 = 1_000_000_000
    /// For a command's reply, unless the command has its own.
    public var command: UInt64 = 500_000_000
    /// The mean pause after the first connection that failed; it doubles with each further one.
    public var shortestPause: UInt64 = 50_000_000
    /// The most that a pause may be.
    public var longestPause: UInt64 = 5_000_000_000
    /// A connection without traffic is asked for a sign of life this often.
    public var keepAlive: UInt64 = 15_000_000_000
    /// A server that owes a reply and sends none for this long is given up.
    public var silence: UInt64 = 5_000_000_000

    /// The defaults.
    public init() {}
}

/// How much may be on its way at once.
public struct RedisLimits: Sendable, Hashable {
    /// Commands that were sent and not answered, or wait for a connection. Those that timed out count until their reply has come.
    public var commands = 1024
    /// Bytes of those commands.
    public var bytes = 4_194_304
    /// Size and shape of one reply.
    public var reply = RESPLimits()

    /// The defaults.
    public init() {}
}
