import NIOCore
import RESP
import Testing

@testable import Redis

/// A connection's state with a scripted server at its other end: what is to be done comes out as texts, so that tests read as
/// conversations. Times are milliseconds.
final class ScriptedConnection {
    typealias State = RedisConnectionState<Int>

    var state: State
    private var now: UInt64 = 1_000_000_000

    init(_ configuration: RedisConfiguration = ScriptedConnection.configuration, role: State.Role = .commands) {
        state = State(configuration, role: role, seed: 1)
    }

    static var configuration: RedisConfiguration {
        var configuration = RedisConfiguration(host: "h")
        configuration.timings.connect = 1000 * millisecond
        configuration.timings.keepAlive = 60_000 * millisecond
        configuration.timings.silence = 5000 * millisecond
        return configuration
    }

    /// A connection that has begun in RESP3.
    static func ready(_ configuration: RedisConfiguration = configuration) -> ScriptedConnection {
        let connection = ScriptedConnection(configuration)
        _ = connection.start()
        _ = connection.opened()
        _ = connection.receive("%1\r\n+proto\r\n:3\r\n")
        #expect(connection.state.status == .ready(version: 3))
        return connection
    }

    func start() -> [String] {
        state.start(now: now)
        return done()
    }

    func opened() -> [String] {
        state.opened(now: now)
        return done()
    }

    func closed(_ failure: RedisFailure = .closed) -> [String] {
        state.closed(failure, now: now)
        return done()
    }

    func receive(_ wire: String) -> [String] {
        state.received(ByteBuffer(string: wire), now: now)
        return done()
    }

    /// Lets time pass in one step.
    func wait(_ milliseconds: UInt64) -> [String] {
        now += milliseconds * millisecond
        state.timePassed(now: now)
        return done()
    }

    /// Lets time pass up to when the state wants to be called.
    func waitUntilWoken() -> [String] {
        #expect(state.wakeAt != .max)
        now = max(now, state.wakeAt)
        state.timePassed(now: now)
        return done()
    }

    func send(_ id: Int, _ words: String..., within timeout: UInt64 = 500, patience: RedisPatience = .fails) -> [String]
    {
        let command = RedisCommand { writer in
            for word in words { writer.word(word) }
        }
        return send(id, command, within: timeout, patience: patience)
    }

    func send(
        _ id: Int,
        _ command: RedisCommand,
        within timeout: UInt64 = 500,
        patience: RedisPatience = .fails
    ) -> [String] {
        state.submit(command, waiter: id, timeout: timeout * millisecond, patience: patience, now: now)
        return done()
    }

    func subscribe(_ channel: String) -> [String] {
        state.subscribe(to: ByteBuffer(string: channel), now: now)
        return done()
    }

    func unsubscribe(_ channel: String) -> [String] {
        state.unsubscribe(from: ByteBuffer(string: channel), now: now)
        return done()
    }

    func stop() -> [String] {
        state.stop()
        return done()
    }

    private func done() -> [String] {
        var texts: [String] = []
        while let action = state.nextAction() { texts.append(Self.text(action)) }
        return texts
    }

    private static func text(_ action: State.Action) -> String {
        switch action {
        case .connect: "connect"
        case .write(let bytes): "> " + words(of: bytes)
        case .close: "close"
        case .complete(let id, .success(let value)):
            "\(id): \(value.string ?? value.integer.map(String.init) ?? "\(value)")"
        case .complete(let id, .failure(.server(let error))): "\(id) failed: \(error.kind)"
        case .complete(let id, .failure(let error)): "\(id) failed: \(error)"
        case .ready(let version): "ready \(version)"
        case .lost(let failure): "lost: \(failure)"
        case .subscription(let channel, .message(let text)): "\(String(buffer: channel)) says \(String(buffer: text))"
        case .subscription(let channel, .active(let missed)):
            "\(String(buffer: channel)) \(missed ? "again" : "active")"
        case .subscription(let channel, .interrupted): "\(String(buffer: channel)) interrupted"
        case .subscription(let channel, .refused(let error)): "\(String(buffer: channel)) refused: \(error.kind)"
        }
    }

    private static func words(of bytes: ByteBuffer) -> String {
        var parser = RESPParser()
        var rest = bytes
        let words = (try? parser.parse(&rest))??.elements ?? []
        return words.map { $0.string ?? "?" }.joined(separator: " ")
    }
}

let millisecond: UInt64 = 1_000_000
