import RESP
import Testing

@testable import Redis

@Suite struct CommandTests {
    @Test func `replies go to commands in their order`() {
        let connection = ScriptedConnection.ready()
        #expect(connection.send(1, "GET", "a") == ["> GET a"])
        #expect(connection.send(2, "GET", "b") == ["> GET b"])
        #expect(connection.receive("$1\r\nx\r\n$1") == ["1: x"])
        #expect(connection.receive("\r\ny\r\n") == ["2: y"])
        #expect(connection.state.size == 0)
    }

    @Test(arguments: [
        ("-READONLY You can't write against a read only replica.\r\n", "readOnly"),
        ("-LOADING Redis is loading the dataset in memory\r\n", "loading"),
        ("-OOM command not allowed when used memory > 'maxmemory'.\r\n", "outOfMemory"), ("-ERR syntax\r\n", "other"),
        ("-NOPERM no\r\n", "notPermitted"), ("-BUSY script\r\n", "busy"), ("-MISCONF disk\r\n", "diskFailed"),
        ("!10\r\nMASTERDOWN\r\n", "masterDown"),
    ])
    func `errors are told by their kind`(wire: String, kind: String) {
        let connection = ScriptedConnection.ready()
        _ = connection.send(1, "SET", "a", "b")
        #expect(connection.receive(wire).first == "1 failed: \(kind)")
        #expect(connection.state.counts.errors == 1)
    }

    @Test func `a late reply is thrown away, and the next command has its own`() {
        let connection = ScriptedConnection.ready()
        _ = connection.send(1, "GET", "a", within: 100)
        _ = connection.send(2, "GET", "b", within: 300)
        #expect(connection.waitUntilWoken() == ["1 failed: timedOut"])
        _ = connection.send(3, "GET", "c", within: 300)
        #expect(connection.receive("$1\r\nx\r\n") == [])
        #expect(connection.receive("$1\r\ny\r\n$1\r\nz\r\n") == ["2: y", "3: z"])
        #expect(connection.state.counts.lateReplies == 1)
        #expect(connection.state.counts.timeouts == 1)
    }

    @Test func `the number of commands on their way is bounded, with those that timed out`() {
        var configuration = ScriptedConnection.configuration
        configuration.limits.commands = 2
        let connection = ScriptedConnection.ready(configuration)
        _ = connection.send(1, "GET", "a", within: 100)
        _ = connection.send(2, "GET", "a", within: 100)
        #expect(connection.send(3, "GET", "a") == ["3 failed: tooManyCommands"])
        #expect(connection.wait(100) == ["1 failed: timedOut", "2 failed: timedOut"])
        #expect(connection.send(4, "GET", "a") == ["4 failed: tooManyCommands"])
        #expect(connection.receive("_\r\n") == [])
        #expect(connection.send(5, "GET", "a") == ["> GET a"])
        #expect(connection.state.counts.refusals == 2)
    }

    @Test func `their bytes are bounded, too`() {
        var configuration = ScriptedConnection.configuration
        configuration.limits.bytes = 60
        let connection = ScriptedConnection.ready(configuration)
        _ = connection.send(1, "GET", "a")
        #expect(connection.send(2, "GET", String(repeating: "a", count: 40)) == ["2 failed: tooManyCommands"])
        #expect(connection.send(3, "GET", "a") == ["> GET a"])
    }

    @Test func `without a connection a command fails at once, or waits for one`() {
        let connection = ScriptedConnection()
        _ = connection.start()
        #expect(connection.send(1, "GET", "a") == ["1 failed: notConnected(nil)"])
        #expect(connection.send(2, "GET", "b", within: 5000, patience: .waits) == [])
        _ = connection.wait(500)
        #expect(connection.send(3, "GET", "c", within: 5000, patience: .waits) == [])
        #expect(connection.closed(.unreachable("x")) == ["close", "lost: unreachable(\"x\")"])
        // No longer than the connect timeout, however long it would wait for a reply.
        let texts = connection.wait(500)
        #expect(texts.contains("2 failed: notConnected(Optional(Redis.RedisFailure.unreachable(\"x\")))"))
        #expect(texts.contains("connect"))
        _ = connection.opened()
        #expect(connection.receive("%0\r\n") == ["ready 3", "> GET c"])
        #expect(connection.receive("_\r\n").count == 1)
        #expect(connection.state.size == 0)
    }

    @Test func `the end of a connection ends what was sent and nothing that was not`() {
        let connection = ScriptedConnection.ready()
        _ = connection.send(1, "GET", "a")
        #expect(
            connection.closed() == ["close", "1 failed: connectionLost(Redis.RedisFailure.closed)", "lost: closed"]
        )
        #expect(connection.receive("$1\r\nx\r\n") == [])
        #expect(connection.send(2, "GET", "a", patience: .waits) == [])
        #expect(connection.waitUntilWoken() == ["connect"])
        _ = connection.opened()
        #expect(connection.receive("%0\r\n") == ["ready 3", "> GET a"])
        #expect(connection.receive("$1\r\ny\r\n") == ["2: y"])
        #expect(connection.state.counts.lostConnections == 1)
        #expect(connection.state.counts.connections == 2)
    }

    @Test(arguments: ["?\r\n", "+OK\r\n+OK\r\n", ">3\r\n+subscribe\r\n+a\r\n:1\r\n"])
    func `a server that says what nobody asked for is left`(wire: String) {
        let connection = ScriptedConnection.ready()
        _ = connection.send(1, "GET", "a")
        #expect(connection.receive(wire).contains("close"))
        #expect(connection.state.status != .ready(version: 3))
    }

    @Test func `a server that owes a reply for long is left, and one that is slow but answers is not`() {
        let connection = ScriptedConnection.ready()
        _ = connection.send(1, "GET", "a", within: 100)
        _ = connection.send(2, "GET", "b", within: 100)
        _ = connection.wait(4000)
        #expect(connection.receive("_\r\n") == [])
        #expect(connection.wait(4000) == [])
        #expect(connection.wait(1000) == ["close", "lost: silent"])
    }

    @Test func `an idle connection is asked for a sign of life`() {
        let connection = ScriptedConnection.ready()
        #expect(connection.wait(59_999) == [])
        #expect(connection.wait(1) == ["> PING"])
        #expect(connection.receive("+PONG\r\n") == [])
        #expect(connection.wait(60_000) == ["> PING"])
        #expect(connection.wait(5000) == ["close", "lost: silent"])
    }

    @Test func `a server that became read-only is left once it owes nothing`() {
        let connection = ScriptedConnection.ready()
        _ = connection.send(1, "SET", "a", "b")
        _ = connection.send(2, "GET", "a")
        #expect(connection.receive("-READONLY no\r\n") == ["1 failed: readOnly"])
        #expect(connection.send(3, "GET", "a").first?.hasPrefix("3 failed: notConnected") == true)
        #expect(connection.receive("$1\r\nx\r\n") == ["2: x", "close", "lost: readOnly"])
        #expect(connection.waitUntilWoken() == ["connect"])
    }

    @Test func `stopping ends everything, once`() {
        let connection = ScriptedConnection.ready()
        _ = connection.send(1, "GET", "a")
        #expect(connection.stop() == ["close", "1 failed: stopped"])
        #expect(connection.send(2, "GET", "a", patience: .waits).count == 1)
        #expect(connection.wait(100_000) == [])
        #expect(connection.state.wakeAt == .max)
    }

    // MARK: Scripts

    private let script = RedisScript("return 1")

    @Test func `scripts go by the digest that the server knows them by`() {
        // As `redis-cli script load 'return 1'` answers.
        #expect(script.digest == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")
    }

    @Test func `a script that is not known is loaded once, for all who asked`() {
        let connection = ScriptedConnection.ready()
        let command = RedisCommand(script, keys: 0) { _ in }
        let run = "> EVALSHA \(script.digest) 0"
        #expect(connection.send(1, command) == [run])
        #expect(connection.send(2, command) == [run])
        #expect(connection.receive("-NOSCRIPT no\r\n") == ["> SCRIPT LOAD return 1", run])
        #expect(connection.receive("-NOSCRIPT no\r\n") == [run])
        #expect(connection.receive("$1\r\nx\r\n:1\r\n:2\r\n") == ["1: 1", "2: 2"])
        #expect(connection.state.counts.loadedScripts == 1)
        #expect(connection.state.counts.commands == 2)
    }

    @Test func `a script that can't be loaded fails`() {
        let connection = ScriptedConnection.ready()
        _ = connection.send(1, RedisCommand(script, keys: 0) { _ in })
        _ = connection.receive("-NOSCRIPT no\r\n")
        #expect(connection.receive("-NOPERM no\r\n-NOSCRIPT no\r\n") == ["1 failed: noScript"])
    }

    @Test func `a script for whose reply nobody waits is not sent again`() {
        let connection = ScriptedConnection.ready()
        _ = connection.send(1, RedisCommand(script, keys: 0) { _ in }, within: 100)
        _ = connection.wait(100)
        #expect(connection.receive("-NOSCRIPT no\r\n") == [])
    }
}
