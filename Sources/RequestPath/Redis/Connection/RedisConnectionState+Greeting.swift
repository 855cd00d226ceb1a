import DequeModule
import Model
import NIOCore
import RESP

/// How a connection begins: `HELLO 3` with user and password, or in RESP2 `AUTH`; then `SELECT`.
extension RedisConnectionState {
    /// By which operators find the gateway in `CLIENT LIST`.
    private static var clientName: StaticString { "daemun" }

    mutating func greet(now: UInt64) {
        guard configuration.version == .newest, role == .commands else { return greetInRESP2(now: now) }
        version = 3
        let (user, password) = (configuration.user, configuration.password)
        let hello = RedisCommand { writer in
            writer.word("HELLO" as StaticString)
            writer.word("3" as StaticString)
            if user != nil || password != nil {
                writer.word("AUTH" as StaticString)
                writer.word(user ?? "default")
                if let password { password.withText { writer.word($0) } } else { writer.word("" as StaticString) }
            }
            writer.word("SETNAME" as StaticString)
            writer.word(Self.clientName)
        }
        send(.hello, hello.bytes, now: now)
    }

    private mutating func greetInRESP2(now: UInt64) {
        version = 2
        let (user, password) = (configuration.user, configuration.password)
        guard user != nil || password != nil else { return select(now: now) }
        let authentication = RedisCommand { writer in
            writer.word("AUTH" as StaticString)
            // Servers before version 6 know no users.
            if let user { writer.word(user) }
            if let password { password.withText { writer.word($0) } } else { writer.word("" as StaticString) }
        }
        send(.authentication, authentication.bytes, now: now)
    }

    private mutating func select(now: UInt64) {
        guard configuration.database != 0 else { return becomeReady(now: now) }
        send(.selection, RedisCommand("SELECT", String(configuration.database)).bytes, now: now)
    }

    /// Goes on after a reply to a part of the greeting.
    mutating func greeted(_ purpose: Sent.Purpose, _ reply: RESPValue, now: UInt64) {
        if case .error(let text) = reply {
            let error = RedisServerError(String(buffer: text))
            guard purpose == .hello, error.kind == .noProtocol || error.isUnknownCommand else {
                return lose(.refused(error), now: now)
            }
            return greetInRESP2(now: now)
        }
        switch purpose {
        case .hello:
            // A proxy may agree and go on in RESP2.
            if case .map = reply {} else { version = 2 }
            select(now: now)
        case .authentication: select(now: now)
        default: becomeReady(now: now)
        }
    }

    private mutating func becomeReady(now: UInt64) {
        phase = .ready(since: now)
        counts.connections += 1
        lastTraffic = now
        actions.append(.ready(version: version))
        resubscribe(now: now)
        while let entry = waiting.popFirst() {
            size -= entry.command.bytes.readableBytes
            send(entry.command, waiter: entry.waiter, deadline: entry.deadline, now: now)
        }
        updateWake()
    }
}
