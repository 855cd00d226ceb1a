import Testing

@testable import Integrations

struct StreamPoolTests {
    final class Connection {}
    final class Request {}

    typealias Pool = StreamPool<Connection, Request>

    /// What a lease gives, without what it carries.
    enum Kind {
        case stream, connect, wait, refuse

        init(_ lease: Pool.Lease) {
            switch lease {
            case .stream: self = .stream
            case .connect: self = .connect
            case .wait: self = .wait
            case .refuse: self = .refuse
            }
        }
    }

    /// Owns a pool, so that expectations can ask it.
    final class Owner {
        private var pool: Pool

        init(connections: Int = 2, streams: Int = 2, waiting: Int = 1) {
            pool = Pool(maxConnections: connections, maxStreams: streams, maxWaiting: waiting)
        }

        var openCount: Int { pool.openCount }
        var idleCount: Int { pool.idleCount }
        var waitingCount: Int { pool.waitingCount }
        var isConnecting: Bool { pool.isConnecting }

        func lease(for request: Request) -> Pool.Lease { pool.lease(for: request) }
        func isWaiting(_ request: Request) -> Bool { pool.isWaiting(request) }
        func cancel(_ request: Request) { pool.cancel(request) }
        func takeLine() -> [Request] { Array(pool.takeLine()) }
        func opened(_ connection: Connection, limit: Int) -> [Request] { pool.opened(connection, limit: limit) }
        func connectFailed() -> [Request] { pool.connectFailed() }
        func setLimit(_ limit: Int, of connection: Connection) -> [Request] { pool.setLimit(limit, of: connection) }
        func ended(_ connection: Connection) -> Request? { pool.ended(connection) }
        func leave(_ connection: Connection) -> Bool { pool.leave(connection) }
        func closed(_ connection: Connection) -> Bool { pool.closed(connection) }
        func connectForLine() -> Bool { pool.connectForLine() }
        func takeAll() -> [Connection] { pool.takeAll() }
    }

    @Test func `requests wait for the connection that will serve them, and one is opened for as many as it takes`() {
        let pool = Owner()
        let kinds = (0..<6).map { _ in Kind(pool.lease(for: Request())) }
        #expect(kinds == [.connect, .wait, .connect, .wait, .wait, .refuse])
        #expect(pool.openCount == 2 && pool.waitingCount == 5)
    }

    @Test func `an opened connection serves those in line, in their order`() {
        let pool = Owner()
        let requests = (0..<3).map { _ in Request() }
        for request in requests { _ = pool.lease(for: request) }
        let served = pool.opened(Connection(), limit: 100)
        #expect(served.count == 2 && served[0] === requests[0] && served[1] === requests[1])
        #expect(pool.isWaiting(requests[2]) && pool.isConnecting)
    }

    @Test func `a connection is used up to what both sides allow, the first one first`() {
        let pool = Owner(streams: 3)
        _ = pool.lease(for: Request())
        let first = Connection()
        _ = pool.opened(first, limit: 2)
        #expect(Kind(pool.lease(for: Request())) == .stream)
        #expect(Kind(pool.lease(for: Request())) == .connect)
        let second = Connection()
        _ = pool.opened(second, limit: 100)
        #expect(pool.ended(first) == nil)
        guard case .stream(let lent) = pool.lease(for: Request()) else {
            Issue.record("no stream was lent")
            return
        }
        #expect(lent === first)
    }

    @Test func `those whom an opened connection has no room for get another one`() {
        let pool = Owner(connections: 2, streams: 4)
        for _ in 0..<4 { _ = pool.lease(for: Request()) }
        #expect(pool.opened(Connection(), limit: 1).count == 1)
        #expect(pool.connectForLine())
        #expect(!pool.connectForLine(), "one is being opened")
        #expect(pool.openCount == 2)
    }

    @Test func `those in line get another connection when all are taken out of use`() {
        let pool = Owner(connections: 1, streams: 1)
        _ = pool.lease(for: Request())
        _ = pool.opened(Connection(), limit: 1)
        _ = pool.lease(for: Request())
        #expect(!pool.connectForLine())
        _ = pool.takeAll()
        #expect(pool.connectForLine())
    }

    @Test func `a stream that ends makes room for the next in line`() {
        let pool = Owner(connections: 1, streams: 1)
        let connection = Connection()
        _ = pool.lease(for: Request())
        _ = pool.opened(connection, limit: 1)
        let waiting = Request()
        #expect(Kind(pool.lease(for: waiting)) == .wait)
        #expect(pool.ended(connection) === waiting)
        #expect(pool.ended(connection) == nil)
        #expect(pool.idleCount == 1)
    }

    @Test func `a raised limit serves those in line, a lowered one takes no stream away`() {
        let pool = Owner(connections: 1, streams: 10, waiting: 10)
        let connection = Connection()
        let requests = (0..<4).map { _ in Request() }
        for request in requests { _ = pool.lease(for: request) }
        #expect(pool.opened(connection, limit: 1).count == 1)
        #expect(pool.setLimit(3, of: connection).count == 2)
        #expect(pool.setLimit(1, of: connection).isEmpty)
        #expect(pool.ended(connection) == nil && pool.ended(connection) == nil)
        #expect(pool.ended(connection) === requests[3])
    }

    @Test func `a connection that could not be opened fails those that nothing else will serve`() {
        let pool = Owner(connections: 2, streams: 2, waiting: 0)
        let requests = (0..<3).map { _ in Request() }
        for request in requests { _ = pool.lease(for: request) }
        let failed = pool.connectFailed()
        #expect(failed.count == 1 && failed[0] === requests[0])
        #expect(pool.connectFailed().count == 2)
        #expect(pool.openCount == 0)
        #expect(Kind(pool.lease(for: Request())) == .connect)
    }

    @Test func `a leaving connection is lent no more, and another one is opened for the line`() {
        let pool = Owner(connections: 1, streams: 1)
        let connection = Connection()
        _ = pool.lease(for: Request())
        _ = pool.opened(connection, limit: 1)
        _ = pool.lease(for: Request())
        #expect(pool.leave(connection))
        #expect(pool.openCount == 2, "the leaving one goes on, and does not count against the limit")
        #expect(pool.ended(connection) == nil)
        #expect(!pool.leave(connection), "it leaves once")
        #expect(!pool.closed(connection))
        #expect(pool.openCount == 1)
    }

    @Test func `a closed connection makes way for another one, if someone waits`() {
        let pool = Owner(connections: 1, streams: 1)
        let connection = Connection()
        _ = pool.lease(for: Request())
        _ = pool.opened(connection, limit: 1)
        let waiting = Request()
        _ = pool.lease(for: waiting)
        pool.cancel(waiting)
        #expect(!pool.closed(connection))
        #expect(pool.openCount == 0)
    }

    @Test func `connections taken out of use are gone once they are closed`() {
        let pool = Owner(connections: 2, streams: 1)
        let connections = [Connection(), Connection()]
        for connection in connections {
            _ = pool.lease(for: Request())
            _ = pool.opened(connection, limit: 1)
        }
        #expect(pool.takeAll().count == 2)
        #expect(Kind(pool.lease(for: Request())) == .connect)
        for connection in connections { _ = pool.closed(connection) }
        #expect(pool.openCount == 1)
    }

    @Test func `the line can be served in another way`() {
        let pool = Owner()
        let requests = [Request(), Request()]
        for request in requests { _ = pool.lease(for: request) }
        #expect(pool.takeLine().map(ObjectIdentifier.init) == requests.map(ObjectIdentifier.init))
        #expect(pool.connectFailed().isEmpty && pool.openCount == 0)
    }
}
