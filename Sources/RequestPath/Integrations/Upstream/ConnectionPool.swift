import DequeModule

/// Who gets which connection to one target: idle connections are lent again (the last used first), new ones are opened up to a
/// limit, and beyond it requests wait in line.
///
/// A pure state machine: it opens, closes and writes nothing, knows no clock, and answers what its owner has to do.
/// `lease` is followed by exactly one of `release`, `closed` or `connectFailed` for each connection that it lent or had opened.
struct ConnectionPool<Connection: AnyObject, Request: AnyObject>: ~Copyable {
    /// What a request gets.
    enum Lease {
        /// This connection, at once.
        case connection(Connection)
        /// A new connection, which the owner opens for it.
        case connect
        /// A new connection, and the owner closes this idle one to make room.
        case replace(Connection)
        /// A place in the line.
        case wait
        /// Nothing: too many wait already.
        case refuse
    }

    private var maxConnections: Int
    private var maxWaiting: Int
    private var idle: ContiguousArray<Connection> = []
    private var waiting: Deque<Request> = []
    /// Connections that are open or being opened.
    private(set) var openCount = 0

    init(maxConnections: Int, maxWaiting: Int) {
        self.maxConnections = maxConnections
        self.maxWaiting = maxWaiting
    }

    var idleCount: Int { idle.count }
    var waitingCount: Int { waiting.count }

    /// Whether a request would get neither a connection nor a place in the line.
    var isFull: Bool { idle.isEmpty && openCount >= maxConnections && waiting.count >= maxWaiting }

    /// Whether a lowered limit asks for connections to be closed as they become free.
    var isOverLimit: Bool { openCount > maxConnections }

    /// Changes the limits.
    /// - Returns: the requests for which the owner opens connections now, already counted.
    mutating func setLimits(maxConnections: Int, maxWaiting: Int) -> [Request] {
        self.maxConnections = maxConnections
        self.maxWaiting = maxWaiting
        var served: [Request] = []
        while openCount < maxConnections, let next = waiting.popFirst() {
            openCount += 1
            served.append(next)
        }
        return served
    }

    /// A request wants a connection.
    /// - Parameter mayReuse: `false` asks for a new one.
    mutating func lease(for request: Request, mayReuse: Bool = true) -> Lease {
        if mayReuse, let connection = idle.popLast() { return .connection(connection) }
        if openCount < maxConnections {
            openCount += 1
            return .connect
        }
        if !idle.isEmpty {
            openCount += 1
            return .replace(idle.removeFirst())
        }
        guard waiting.count < maxWaiting else { return .refuse }
        waiting.append(request)
        return .wait
    }

    /// A connection is free again, or was opened for a request that is gone.
    /// - Returns: the request that gets it now; `nil` when it rests.
    mutating func release(_ connection: Connection) -> Request? {
        if let next = waiting.popFirst() { return next }
        idle.append(connection)
        return nil
    }

    /// The owner closes a connection that `release` has given to a request, and opens another one instead.
    mutating func replace() { openCount += 1 }

    /// A connection is gone.
    /// - Returns: the request for which the owner opens another one, already counted.
    mutating func closed(_ connection: Connection) -> Request? {
        if let position = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: position) }
        return replaceClosed()
    }

    /// A connection did not come about. The line is not retried here: each of its requests would meet the same fate in turn,
    /// so they go on when a connection is released or closed.
    mutating func connectFailed() -> Request? { replaceClosed() }

    /// A connection that was opened in another way is one of these from now on, and counts as lent.
    mutating func adopt() { openCount += 1 }

    /// Whether a request stands in the line.
    func isWaiting(_ request: Request) -> Bool { waiting.contains { $0 === request } }

    /// A waiting request gives up. Does nothing when it does not wait.
    mutating func cancel(_ request: Request) {
        if let position = waiting.firstIndex(where: { $0 === request }) { waiting.remove(at: position) }
    }

    /// Takes all idle connections out, for the owner to close. Each is reported by `closed` as usual.
    mutating func takeIdle() -> ContiguousArray<Connection> {
        defer { idle = [] }
        return idle
    }

    private mutating func replaceClosed() -> Request? {
        guard !isOverLimit, let next = waiting.popFirst() else {
            openCount -= 1
            return nil
        }
        return next
    }
}
