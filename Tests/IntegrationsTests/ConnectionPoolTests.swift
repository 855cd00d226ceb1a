import Testing

@testable import Integrations

struct ConnectionPoolTests {
    final class Connection {}
    final class Request {}

    typealias Pool = ConnectionPool<Connection, Request>

    /// What a lease gives, without what it carries.
    enum Kind {
        case connection, connect, replace, wait, refuse

        init(_ lease: Pool.Lease) {
            switch lease {
            case .connection: self = .connection
            case .connect: self = .connect
            case .replace: self = .replace
            case .wait: self = .wait
            case .refuse: self = .refuse
            }
        }
    }

    @Test func `connections are opened up to the limit, then requests wait, then they are refused`() {
        var pool = Pool(maxConnections: 2, maxWaiting: 1)
        let kinds = (0..<4).map { _ in Kind(pool.lease(for: Request())) }
        #expect(kinds == [.connect, .connect, .wait, .refuse])
        #expect(pool.openCount == 2)
        #expect(pool.waitingCount == 1)
    }

    @Test func `the connection that was used last is lent first`() {
        var pool = Pool(maxConnections: 2, maxWaiting: 1)
        let connections = [Connection(), Connection()]
        for _ in connections { _ = pool.lease(for: Request()) }
        for connection in connections { _ = pool.release(connection) }
        guard case .connection(let lent) = pool.lease(for: Request()) else {
            Issue.record("no connection was lent")
            return
        }
        #expect(lent === connections[1])
    }

    @Test func `a released connection goes to the head of the line`() {
        var pool = Pool(maxConnections: 1, maxWaiting: 2)
        let connection = Connection()
        _ = pool.lease(for: Request())
        let line = [Request(), Request()]
        for request in line { _ = pool.lease(for: request) }
        #expect(pool.release(connection) === line[0])
        #expect(pool.release(connection) === line[1])
        #expect(pool.release(connection) == nil)
        #expect(pool.idleCount == 1)
    }

    @Test(arguments: [true, false])
    func `a connection that is gone is replaced for who waits`(hasConnected: Bool) {
        var pool = Pool(maxConnections: 1, maxWaiting: 2)
        _ = pool.lease(for: Request())
        let waiting = Request()
        _ = pool.lease(for: waiting)
        let next = hasConnected ? pool.closed(Connection()) : pool.connectFailed()
        #expect(next === waiting)
        #expect(pool.openCount == 1)
        #expect(pool.connectFailed() == nil)
        #expect(pool.openCount == 0)
    }

    @Test func `a request that gives up is not served`() {
        var pool = Pool(maxConnections: 1, maxWaiting: 2)
        _ = pool.lease(for: Request())
        let leaving = Request()
        let staying = Request()
        _ = pool.lease(for: leaving)
        _ = pool.lease(for: staying)
        #expect(pool.isWaiting(leaving) == true)
        pool.cancel(leaving)
        #expect(pool.isWaiting(leaving) == false)
        #expect(pool.release(Connection()) === staying)
    }

    @Test func `an idle connection that is gone is not lent`() {
        var pool = Pool(maxConnections: 1, maxWaiting: 0)
        let connection = Connection()
        _ = pool.lease(for: Request())
        _ = pool.release(connection)
        #expect(pool.closed(connection) == nil)
        #expect(pool.openCount == 0)
        #expect(Kind(pool.lease(for: Request())) == .connect)
    }

    @Test func `who wants a new connection gets one in the place of an idle one`() {
        var pool = Pool(maxConnections: 1, maxWaiting: 1)
        let connection = Connection()
        _ = pool.lease(for: Request())
        _ = pool.release(connection)
        guard case .replace(let old) = pool.lease(for: Request(), mayReuse: false) else {
            Issue.record("the idle connection was not replaced")
            return
        }
        #expect(old === connection)
        #expect(pool.closed(old) == nil)
        #expect(pool.openCount == 1)
        #expect(Kind(pool.lease(for: Request())) == .wait)
    }

    @Test func `who wants a new connection and waited gets one in the place of a released one`() {
        var pool = Pool(maxConnections: 1, maxWaiting: 2)
        let connection = Connection()
        _ = pool.lease(for: Request())
        _ = pool.lease(for: Request(), mayReuse: false)
        let last = Request()
        _ = pool.lease(for: last)
        #expect(pool.release(connection) != nil)
        pool.replace()
        #expect(pool.closed(connection) == nil)
        #expect(pool.openCount == 1)
        #expect(pool.isWaiting(last) == true)
    }

    @Test func `a raised limit serves the line at once`() {
        var pool = Pool(maxConnections: 1, maxWaiting: 5)
        _ = pool.lease(for: Request())
        let line = [Request(), Request(), Request()]
        for request in line { _ = pool.lease(for: request) }
        let served = pool.setLimits(maxConnections: 3, maxWaiting: 5)
        #expect(served.count == 2)
        #expect(served[0] === line[0] && served[1] === line[1])
        #expect(pool.openCount == 3)
        #expect(pool.waitingCount == 1)
    }

    @Test func `a lowered limit is reached as connections become free, and nobody is forgotten in the line`() {
        var pool = Pool(maxConnections: 3, maxWaiting: 5)
        for _ in 0..<3 { _ = pool.lease(for: Request()) }
        let waiting = Request()
        _ = pool.lease(for: waiting)
        #expect(pool.setLimits(maxConnections: 1, maxWaiting: 5).isEmpty)
        #expect(pool.isOverLimit == true)
        #expect(pool.closed(Connection()) == nil)
        #expect(pool.closed(Connection()) == nil)
        #expect(pool.isOverLimit == false)
        #expect(pool.release(Connection()) === waiting)
        #expect(pool.openCount == 1)
    }
}
