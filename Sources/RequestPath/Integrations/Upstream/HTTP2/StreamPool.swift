import DequeModule

/// Who gets which stream to one target that speaks HTTP/2: a connection that has room is used by many requests at once, new ones are
/// opened when those that are there are full, up to a limit, and beyond it requests wait in line.
///
/// A pure state machine: it opens, closes and writes nothing, knows no clock, and answers what its owner has to do. Requests wait in
/// line while a connection is being opened, too, since it will serve many of them.
struct StreamPool<Connection: AnyObject, Request: AnyObject>: ~Copyable {
    /// What a request gets.
    enum Lease {
        /// A stream of this connection, at once.
        case stream(Connection)
        /// A place in the line, and the owner opens a connection.
        case connect
        /// A place in the line.
        case wait
        /// Nothing: too many wait already.
        case refuse
    }

    private struct Place {
        let connection: Connection
        /// How many streams the connection takes.
        var limit: Int
        var used = 0

        var hasRoom: Bool { used < limit }
    }

    private var maxConnections: Int
    private var maxStreams: Int
    private var maxWaiting: Int
    private var places: ContiguousArray<Place> = []
    private var line: Deque<Request> = []
    private var connecting = 0
    /// Connections that get no further streams.
    private var leaving = 0

    init(maxConnections: Int, maxStreams: Int, maxWaiting: Int) {
        self.maxConnections = maxConnections
        self.maxStreams = maxStreams
        self.maxWaiting = maxWaiting
    }

    /// Connections that are open or being opened.
    var openCount: Int { places.count + connecting + leaving }
    /// Connections without a stream.
    var idleCount: Int { places.count { $0.used == 0 } }
    var waitingCount: Int { line.count }
    /// Whether requests wait for a connection that is being opened, not for room on those that are there.
    var isConnecting: Bool { connecting > 0 }

    // MARK: Requests

    /// A request wants a stream. The connection that was opened first and has room gives it, so that the others become idle.
    mutating func lease(for request: Request) -> Lease {
        if line.isEmpty, let index = places.firstIndex(where: \.hasRoom) {
            places[index].used += 1
            return .stream(places[index].connection)
        }
        if wantsConnection(for: line.count + 1) {
            connecting += 1
            line.append(request)
            return .connect
        }
        guard line.count < maxWaiting + expected else { return .refuse }
        line.append(request)
        return .wait
    }

    /// Whether a request stands in the line.
    func isWaiting(_ request: Request) -> Bool { line.contains { $0 === request } }

    /// A waiting request gives up. Does nothing when it does not wait.
    mutating func cancel(_ request: Request) {
        if let position = line.firstIndex(where: { $0 === request }) { line.remove(at: position) }
    }

    /// Takes everybody out of the line, for the owner to serve in another way.
    mutating func takeLine() -> Deque<Request> {
        defer { line = [] }
        return line
    }

    // MARK: Connections

    /// A connection is being opened that was not asked for here.
    mutating func adopt() { connecting += 1 }

    /// A connection was opened.
    /// - Parameter limit: how many streams it takes.
    /// - Returns: the requests that get streams of it now.
    mutating func opened(_ connection: Connection, limit: Int) -> [Request] {
        connecting -= 1
        places.append(Place(connection: connection, limit: min(limit, maxStreams)))
        return serve(places.count - 1)
    }

    /// A connection that was asked for did not come about, or speaks another protocol.
    /// - Returns: the requests that fail with it: those that nothing else is going to serve.
    mutating func connectFailed() -> [Request] {
        connecting -= 1
        let kept = expected + (places.isEmpty ? 0 : maxWaiting)
        return (0..<max(line.count - kept, 0)).compactMap { _ in line.popFirst() }
    }

    /// The other side of a connection takes another number of streams.
    /// - Returns: the requests that get streams now.
    mutating func setLimit(_ limit: Int, of connection: Connection) -> [Request] {
        guard let index = index(of: connection) else { return [] }
        places[index].limit = min(limit, maxStreams)
        return serve(index)
    }

    /// A stream has ended.
    /// - Returns: the request that gets another one of the same connection now.
    mutating func ended(_ connection: Connection) -> Request? {
        guard let index = index(of: connection) else { return nil }
        places[index].used -= 1
        guard places[index].hasRoom, let next = line.popFirst() else { return nil }
        places[index].used += 1
        return next
    }

    /// A connection gets no further streams; those that it has go on.
    /// - Returns: whether the owner opens another one for those in line.
    mutating func leave(_ connection: Connection) -> Bool {
        guard let index = index(of: connection) else { return false }
        places.remove(at: index)
        leaving += 1
        return connectForLine()
    }

    /// A connection is gone.
    /// - Returns: whether the owner opens another one for those in line.
    mutating func closed(_ connection: Connection) -> Bool {
        if let index = index(of: connection) { places.remove(at: index) } else { leaving -= 1 }
        return connectForLine()
    }

    /// Whether the owner opens another connection for those in line: when nothing that is being opened is going to serve them.
    mutating func connectForLine() -> Bool {
        guard !line.isEmpty, wantsConnection(for: line.count) else { return false }
        connecting += 1
        return true
    }

    /// Takes all connections out of use, for the owner to let them end. Each is reported by `closed` as usual.
    mutating func takeAll() -> [Connection] {
        defer { places = [] }
        leaving += places.count
        return places.map(\.connection)
    }

    /// Changes the limits; what is there goes on as it is.
    mutating func setLimits(maxConnections: Int, maxStreams: Int, maxWaiting: Int) {
        self.maxConnections = maxConnections
        self.maxStreams = maxStreams
        self.maxWaiting = maxWaiting
    }

    // MARK: Pieces

    /// Requests that the connections being opened are going to serve.
    private var expected: Int { connecting * maxStreams }

    /// Whether so many requests in line are more than the connections being opened will serve, and another one may be opened.
    private func wantsConnection(for count: Int) -> Bool {
        count > expected && places.count + connecting < maxConnections
    }

    private mutating func serve(_ index: Int) -> [Request] {
        var served: [Request] = []
        while places[index].hasRoom, let next = line.popFirst() {
            places[index].used += 1
            served.append(next)
        }
        return served
    }

    private func index(of connection: Connection) -> Int? { places.firstIndex { $0.connection === connection } }
}
