import RESP
import Testing

@testable import Redis

@Suite struct SubscriptionTests {
    private let confirmation = ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
    private let message = ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"

    @Test func `messages come between replies`() {
        let connection = ScriptedConnection.ready()
        #expect(connection.subscribe("a") == ["> SUBSCRIBE a"])
        _ = connection.send(1, "GET", "x")
        #expect(connection.receive(confirmation + message) == ["a active", "a says hi"])
        #expect(connection.receive(message + "_\r\n") == ["a says hi", "1: null"])
        #expect(connection.state.counts.messages == 2)
    }

    @Test func `channels are asked for again, and it is said that something may have been missed`() {
        let connection = ScriptedConnection.ready()
        _ = connection.subscribe("a")
        _ = connection.receive(confirmation)
        #expect(connection.closed() == ["close", "a interrupted", "lost: closed"])
        #expect(connection.subscribe("b") == [])
        _ = connection.waitUntilWoken()
        _ = connection.opened()
        #expect(connection.receive("%0\r\n") == ["ready 3", "> SUBSCRIBE a", "> SUBSCRIBE b"])
        #expect(connection.receive(confirmation) == ["a again"])
        let other = confirmation.replacing("\r\na\r\n", with: "\r\nb\r\n")
        #expect(connection.receive(other) == ["b active"])
    }

    @Test func `a refused channel keeps no other away`() {
        let connection = ScriptedConnection.ready()
        _ = connection.subscribe("b")
        _ = connection.subscribe("a")
        #expect(connection.receive("-NOPERM no\r\n" + confirmation) == ["b refused: notPermitted", "a active"])
    }

    @Test func `what still comes of a channel that was given up goes to nobody`() {
        let connection = ScriptedConnection.ready()
        _ = connection.subscribe("a")
        _ = connection.receive(confirmation)
        #expect(connection.unsubscribe("a") == ["> UNSUBSCRIBE a"])
        #expect(connection.receive(message) == [])
        #expect(connection.receive(confirmation.replacing("$9\r\nsub", with: "$11\r\nunsub")) == [])
        #expect(connection.state.sent.isEmpty)
    }

    @Test func `in RESP2 a connection for commands carries no subscription`() {
        var configuration = ScriptedConnection.configuration
        configuration.version = .resp2
        let connection = ScriptedConnection(configuration)
        _ = connection.subscribe("a")
        _ = connection.start()
        #expect(connection.opened() == ["ready 2"])
        #expect(connection.subscribe("b") == [])
    }

    @Test func `in RESP2 messages are arrays on a connection of their own`() {
        let connection = ScriptedConnection(role: .subscriptions)
        _ = connection.subscribe("a")
        _ = connection.start()
        #expect(connection.opened() == ["ready 2", "> SUBSCRIBE a"])
        let wire = (confirmation + message).replacing(">3", with: "*3")
        #expect(connection.receive(wire) == ["a active", "a says hi"])
        #expect(connection.wait(60_000) == ["> PING"])
        #expect(connection.receive("*2\r\n$4\r\npong\r\n$0\r\n\r\n") == [])
        #expect(connection.state.status == .ready(version: 2))
    }
}
