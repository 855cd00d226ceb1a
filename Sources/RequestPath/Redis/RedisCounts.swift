/// What a client has done since it was made. Read them on its loop.
public struct RedisCounts: Sendable, Hashable {
    /// Commands that were sent, without those of the client's own.
    public var commands: UInt64 = 0
    /// Of those, the ones that the server answered in time, with an error or not.
    public var replies: UInt64 = 0
    /// Of those, the ones that were answered with an error.
    public var errors: UInt64 = 0
    /// Commands whose time passed: before they were sent, or before the reply.
    public var timeouts: UInt64 = 0
    /// Replies that came after that, and were thrown away.
    public var lateReplies: UInt64 = 0
    /// Commands that were refused unsent: no connection, or too many on their way.
    public var refusals: UInt64 = 0
    /// Connections that became ready.
    public var connections: UInt64 = 0
    /// Attempts that did not come so far.
    public var failedConnections: UInt64 = 0
    /// Connections that were ready and ended.
    public var lostConnections: UInt64 = 0
    /// Scripts that a server did not know and was sent.
    public var loadedScripts: UInt64 = 0
    /// Messages of subscribed channels.
    public var messages: UInt64 = 0

    /// Makes counts of nothing.
    public init() {}

    /// The sum of the counts of two connections.
    public static func + (left: RedisCounts, right: RedisCounts) -> RedisCounts {
        var sum = left
        sum.commands += right.commands
        sum.replies += right.replies
        sum.errors += right.errors
        sum.timeouts += right.timeouts
        sum.lateReplies += right.lateReplies
        sum.refusals += right.refusals
        sum.connections += right.connections
        sum.failedConnections += right.failedConnections
        sum.lostConnections += right.lostConnections
        sum.loadedScripts += right.loadedScripts
        sum.messages += right.messages
        return sum
    }
}

/// Whether a client can send commands now.
public enum RedisStatus: Sendable, Hashable {
    /// `start` was not called yet.
    case resting
    /// A connection is being opened.
    case connecting
    /// Commands go out. With the version of the protocol: 2 or 3.
    case ready(version: Int)
    /// The next attempt comes after a pause. With why the last one, or the last connection, ended.
    case pausing(RedisFailure)
    /// It was stopped.
    case stopped
}
