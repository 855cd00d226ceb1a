public import RESP

/// Why a command has no reply of its own.
///
/// What matters to callers is whether the server may have run it: see `mayHaveRun`.
public enum RedisError: Error, Sendable, Hashable {
    /// The server answered with an error.
    case server(RedisServerError)
    /// There is no connection, and the command was not sent. With why the last one ended or could not be opened.
    case notConnected(RedisFailure?)
    /// More commands or bytes are on their way than `RedisLimits` allows; the command was not sent.
    case tooManyCommands
    /// No reply came within the command's time.
    case timedOut
    /// The connection ended before the reply came.
    case connectionLost(RedisFailure)
    /// The reply is not of the type that the command is known for.
    case unexpectedReply
    /// The client was stopped.
    case stopped

    /// Whether the server may have run the command, or is going to. What changes something and is not to happen twice can only be
    /// sent again when this is false.
    public var mayHaveRun: Bool {
        switch self {
        case .notConnected, .tooManyCommands: false
        case .server(let error): !error.kind.isRefusal
        case .timedOut, .connectionLost, .unexpectedReply, .stopped: true
        }
    }
}

/// Why a connection ended or was not opened.
public enum RedisFailure: Error, Sendable, Hashable {
    /// No TCP connection, or no TLS over it, in the system's words.
    case unreachable(String)
    /// Connecting, TLS and the greeting took longer than the connect timeout.
    case connectTimedOut
    /// The server refused user, password or database.
    case refused(RedisServerError)
    /// The server closed the connection.
    case closed
    /// The server owes replies and sent none for `RedisTimings.silence`.
    case silent
    /// The server became read-only: a failover made another one the master.
    case readOnly
    /// The server sent what is not RESP, or too much of it.
    case malformed(RESPFault)
    /// The server sent a reply that nobody asked for, or not in the order of the commands.
    case outOfOrder
}

/// An error that the server answered with.
public struct RedisServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What a client can act upon, by the first word of the server's text.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The script is not known by this digest.
        case noScript = "NOSCRIPT"
        /// The server is reading its data from disk.
        case loading = "LOADING"
        /// The server is a replica that takes no writes.
        case readOnly = "READONLY"
        /// The server has no memory left for writes (`maxmemory`).
        case outOfMemory = "OOM"
        /// A script of somebody's has been running for long.
        case busy = "BUSY"
        /// The server can't write to disk, and so takes no writes.
        case diskFailed = "MISCONF"
        /// The replica has lost its master and answers nothing old.
        case masterDown = "MASTERDOWN"
        /// Fewer replicas follow than the server wants for a write.
        case tooFewReplicas = "NOREPLICAS"
        /// The server wants a password first.
        case notAuthenticated = "NOAUTH"
        /// User or password is wrong, or the user is disabled.
        case wrongPassword = "WRONGPASS"
        /// The user may not run this command or use this key or channel.
        case notPermitted = "NOPERM"
        /// The server does not speak the protocol version.
        case noProtocol = "NOPROTO"
        /// The key holds another type.
        case wrongType = "WRONGTYPE"
        /// The key lives on another node of a cluster.
        case moved = "MOVED"
        /// The key is moving to another node of a cluster.
        case ask = "ASK"
        /// The keys of one command are on different nodes of a cluster for a moment.
        case tryAgain = "TRYAGAIN"
        /// A cluster does not serve this key now.
        case clusterDown = "CLUSTERDOWN"
        /// The keys of one command belong to different nodes of a cluster.
        case crossSlot = "CROSSSLOT"
        /// Anything else, such as `ERR`.
        case other = "ERR"

        /// Whether the server surely did not begin the command. A script may fail half way with some of the others.
        public var isRefusal: Bool {
            switch self {
            case .noScript, .loading, .busy, .masterDown, .notAuthenticated, .moved, .ask, .tryAgain, .clusterDown,
                .crossSlot:
                true
            default: false
            }
        }
    }

    /// The kind.
    public let kind: Kind
    /// The server's whole text. It may quote the command.
    public let text: String

    /// Reads the text of an error.
    public init(_ text: String) {
        self.text = text
        kind = Kind(rawValue: String(text.prefix { $0 != " " })) ?? .other
    }

    /// The server's text.
    public var description: String { text }

    /// Whether the server is too old to know the command.
    var isUnknownCommand: Bool { text.hasPrefix("ERR unknown command") }
}
