import Model
import RESP
import Testing

@testable import Redis

@Suite struct GreetingTests {
    private func configuration(_ url: String) throws -> RedisConfiguration { try RedisConfiguration(url: url) }

    @Test(arguments: [
        ("redis://h", "> HELLO 3 SETNAME daemun"), ("redis://:p@h", "> HELLO 3 AUTH default p SETNAME daemun"),
        ("redis://u:p@h", "> HELLO 3 AUTH u p SETNAME daemun"), ("redis://u@h", "> HELLO 3 AUTH u  SETNAME daemun"),
    ])
    func `RESP3 is greeted with user and password`(url: String, hello: String) throws {
        let connection = ScriptedConnection(try configuration(url))
        #expect(connection.start() == ["connect"])
        #expect(connection.opened() == [hello])
        #expect(connection.receive("%1\r\n+proto\r\n:3\r\n") == ["ready 3"])
    }

    @Test func `the database is chosen before anything else`() throws {
        let connection = ScriptedConnection(try configuration("redis://h/5"))
        _ = connection.start()
        #expect(connection.send(1, "GET", "a", patience: .waits) == [])
        _ = connection.opened()
        #expect(connection.receive("%1\r\n+proto\r\n:3\r\n") == ["> SELECT 5"])
        #expect(connection.receive("+OK\r\n") == ["ready 3", "> GET a"])
    }

    @Test(arguments: ["-ERR unknown command `HELLO`, with args beginning with: `3`\r\n", "-NOPROTO sorry\r\n"])
    func `an old server is greeted in RESP2`(refusal: String) throws {
        let connection = ScriptedConnection(try configuration("redis://:p@h/5"))
        _ = connection.start()
        _ = connection.opened()
        #expect(connection.receive(refusal) == ["> AUTH p"])
        #expect(connection.receive("+OK\r\n") == ["> SELECT 5"])
        #expect(connection.receive("+OK\r\n") == ["ready 2"])
    }

    @Test func `a refused greeting is tried again after a pause`() throws {
        let connection = ScriptedConnection(try configuration("redis://:p@h"))
        _ = connection.start()
        _ = connection.opened()
        let error = RedisServerError("WRONGPASS no")
        #expect(connection.receive("-WRONGPASS no\r\n") == ["close", "lost: \(RedisFailure.refused(error))"])
        #expect(connection.state.status == .pausing(.refused(error)))
        #expect(connection.waitUntilWoken() == ["connect"])
    }

    @Test func `a server that does not greet in time is given up`() {
        let connection = ScriptedConnection()
        _ = connection.start()
        _ = connection.opened()
        #expect(connection.wait(999) == [])
        #expect(connection.wait(1) == ["close", "lost: connectTimedOut"])
    }

    @Test func `what a server says before the greeting is over is no reply to a command`() {
        let connection = ScriptedConnection()
        _ = connection.start()
        _ = connection.opened()
        #expect(connection.receive("*0\r\n+OK\r\n") == ["ready 2", "close", "lost: outOfOrder"])
    }

    @Test func `pauses double up to the most, and differ`() {
        let connection = ScriptedConnection()
        _ = connection.start()
        var pauses: [UInt64] = []
        for _ in 0..<12 {
            _ = connection.closed(.unreachable(""))
            guard case .pausing(let until, _) = connection.state.phase else { return #expect(Bool(false)) }
            let before = until
            var waited: UInt64 = 0
            while connection.state.status != .connecting {
                _ = connection.wait(1)
                waited += 1
            }
            #expect(before > 0)
            pauses.append(waited)
        }
        for (index, pause) in pauses.enumerated() {
            let mean = min(50 << UInt64(index), 5000)
            #expect(pause >= mean / 2 && pause <= mean * 3 / 2 + 1)
        }
        #expect(Set(pauses.suffix(5)).count > 1)
    }

    @Test func `a connection that was of use makes the next pause short`() {
        let connection = ScriptedConnection.ready()
        for round in 0..<8 {
            _ = connection.send(round, "PING")
            _ = connection.receive("+PONG\r\n")
            _ = connection.closed()
            #expect(connection.state.failures == 1)
            _ = connection.waitUntilWoken()
            _ = connection.opened()
            _ = connection.receive("%0\r\n")
        }
        // This one was of no use.
        _ = connection.closed()
        #expect(connection.state.failures == 2)
    }
}
