public import NIOCore

/// What happens to a subscribed channel.
public enum RedisSubscriptionEvent: Sendable, Hashable {
    /// Messages come from now on. Whatever was published while there was no subscription did not come and will not: when
    /// `mayHaveMissed` is true, there was an earlier subscription, and what is known by messages has to be read anew.
    case active(mayHaveMissed: Bool)
    /// Somebody has published a message.
    case message(ByteBuffer)
    /// The connection is gone, and messages with it, until the next `active`.
    case interrupted
    /// The server refuses the channel to this user. It is asked again on the next connection.
    case refused(RedisServerError)
}

/// What becomes of a command while there is no connection.
public enum RedisPatience: Sendable, Hashable {
    /// It fails at once.
    case fails
    /// It waits for a connection, at most as long as its own time and the connect timeout allow.
    case waits
}
