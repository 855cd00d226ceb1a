import DequeModule
import NIOCore
import RESP

/// Commands, their replies, and what becomes of those that have none.
extension RedisConnectionState {
    /// Whether commands go out at once.
    var canSend: Bool {
        if case .ready = phase { !isLeaving } else { false }
    }

    /// Takes a command.
    /// - Parameters:
    ///   - timeout: how long its caller waits for the reply.
    ///   - patience: what to do without a connection.
    mutating func submit(
        _ command: RedisCommand,
        waiter: Waiter,
        timeout: UInt64,
        patience: RedisPatience,
        now: UInt64
    ) {
        guard phase != .stopped else { return refuse(waiter, .notConnected(lastFailure)) }
        let length = command.bytes.readableBytes
        guard sent.count + waiting.count < configuration.limits.commands, size + length <= configuration.limits.bytes
        else { return refuse(waiter, .tooManyCommands) }
        let deadline = now.addingClamped(timeout)
        if canSend { return send(command, waiter: waiter, deadline: deadline, now: now) }
        guard patience == .waits else { return refuse(waiter, .notConnected(lastFailure)) }
        let patience = min(deadline, now.addingClamped(configuration.timings.connect))
        size += length
        waiting.append(Waiting(command: command, waiter: waiter, deadline: deadline, patience: patience))
        wakeAt = min(wakeAt, patience)
    }

    private mutating func refuse(_ waiter: Waiter, _ error: RedisError) {
        counts.refusals += 1
        actions.append(.complete(waiter, .failure(error)))
    }

    // MARK: Sending

    mutating func send(_ command: RedisCommand, waiter: Waiter, deadline: UInt64, now: UInt64) {
        counts.commands += 1
        // Kept only where it may have to be sent again.
        let kept = command.script == nil ? nil : command
        let entry = Sent(
            purpose: .command,
            size: command.bytes.readableBytes,
            waiter: waiter,
            command: kept,
            deadline: deadline
        )
        send(entry, command.bytes, now: now)
    }

    /// Sends a command of the client's own.
    mutating func send(_ purpose: Sent.Purpose, _ bytes: ByteBuffer, now: UInt64) {
        send(Sent(purpose: purpose, size: bytes.readableBytes), bytes, now: now)
    }

    private mutating func send(_ entry: Sent, _ bytes: ByteBuffer, now: UInt64) {
        if sent.isEmpty { owedSince = now }
        lastTraffic = now
        size += entry.size
        sent.append(entry)
        actions.append(.write(bytes))
        wakeAt = min(wakeAt, entry.deadline, now &+ configuration.timings.silence)
    }

    mutating func ping(now: UInt64) { send(.ping, RedisCommand("PING").bytes, now: now) }

    // MARK: Replies

    mutating func take(_ value: RESPValue, now: UInt64) {
        lastTraffic = now
        if let push = pushed(value) { return take(push: push, now: now) }
        guard let entry = sent.popFirst() else { return lose(.outOfOrder, now: now) }
        owedSince = now
        size -= entry.size
        var error: RedisServerError?
        if case .error(let text) = value { error = RedisServerError(String(buffer: text)) }
        switch entry.purpose {
        case .command: take(reply: value, error, to: entry, now: now)
        case .hello, .authentication, .selection: greeted(entry.purpose, value, now: now)
        case .load(let digest):
            loading.removeAll { $0 == digest }
            if error == nil { counts.loadedScripts += 1 }
        case .ping: hasServed = true
        case .subscribing(let channel):
            // Only refusals come as replies.
            guard let error else { return lose(.outOfOrder, now: now) }
            actions.append(.subscription(channel: channel, .refused(error)))
        case .unsubscribing:
            guard error != nil else { return lose(.outOfOrder, now: now) }
        }
    }

    private mutating func take(reply: RESPValue, _ error: RedisServerError?, to entry: Sent, now: UInt64) {
        if error == nil { hasServed = true }
        // Whoever is the master now is found by connecting anew.
        if error?.kind == .readOnly { isLeaving = true }
        guard let waiter = entry.waiter else {
            counts.lateReplies += 1
            return
        }
        if error?.kind == .noScript, !entry.isRepeated, let command = entry.command, let script = command.script {
            load(script, now: now)
            var again = entry
            again.isRepeated = true
            return send(again, command.bytes, now: now)
        }
        counts.replies += 1
        if let error {
            counts.errors += 1
            actions.append(.complete(waiter, .failure(.server(error))))
        } else {
            actions.append(.complete(waiter, .success(reply)))
        }
    }

    /// Sends a script, unless it is on its way already: what is sent after it finds it there.
    private mutating func load(_ script: RedisScript, now: UInt64) {
        guard !loading.contains(script.digest) else { return }
        loading.append(script.digest)
        send(.load(digest: script.digest), script.load, now: now)
    }

    // MARK: No replies

    mutating func failSent(_ error: RedisError) {
        for entry in sent {
            size -= entry.size
            if let waiter = entry.waiter { actions.append(.complete(waiter, .failure(error))) }
        }
        sent = []
    }

    mutating func expireSent(now: UInt64) {
        for index in sent.indices where sent[index].deadline <= now {
            guard let waiter = sent[index].waiter else { continue }
            // It keeps its place: its reply is still to come.
            sent[index].waiter = nil
            sent[index].command = nil
            counts.timeouts += 1
            actions.append(.complete(waiter, .failure(.timedOut)))
        }
    }

    mutating func expireWaiting(now: UInt64) {
        guard waiting.contains(where: { $0.patience <= now }) else { return }
        for entry in waiting where entry.patience <= now {
            size -= entry.command.bytes.readableBytes
            counts.timeouts += 1
            actions.append(.complete(entry.waiter, .failure(.notConnected(lastFailure))))
        }
        waiting.removeAll { $0.patience <= now }
    }
}

extension UInt64 {
    /// The sum, or the largest number.
    func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
