import DequeModule
import NIOCore
import RESP

/// Subscribed channels, which outlive connections.
extension RedisConnectionState {
    /// A channel that somebody listens to.
    struct Subscription {
        let channel: ByteBuffer
        var isActive = false
        /// Whether it was active on an earlier connection.
        var wasActive = false
    }

    /// Whether subscriptions go over this connection.
    private var carriesSubscriptions: Bool { role == .subscriptions || version == 3 }

    /// Listens to a channel, on this connection and all later ones.
    mutating func subscribe(to channel: ByteBuffer, now: UInt64) {
        guard !subscriptions.contains(where: { $0.channel == channel }) else { return }
        subscriptions.append(Subscription(channel: channel))
        if canSend, carriesSubscriptions { sendSubscribe(channel, now: now) }
    }

    /// Listens to a channel no more.
    mutating func unsubscribe(from channel: ByteBuffer, now: UInt64) {
        guard let index = subscriptions.firstIndex(where: { $0.channel == channel }) else { return }
        subscriptions.remove(at: index)
        guard canSend, carriesSubscriptions else { return }
        let command = RedisCommand { writer in
            writer.word("UNSUBSCRIBE" as StaticString)
            writer.word(channel)
        }
        send(.unsubscribing(channel), command.bytes, now: now)
    }

    /// Asks for every channel on a new connection, one by one, so that one that is refused keeps no other away.
    mutating func resubscribe(now: UInt64) {
        guard carriesSubscriptions else { return }
        for subscription in subscriptions { sendSubscribe(subscription.channel, now: now) }
    }

    private mutating func sendSubscribe(_ channel: ByteBuffer, now: UInt64) {
        let command = RedisCommand { writer in
            writer.word("SUBSCRIBE" as StaticString)
            writer.word(channel)
        }
        send(.subscribing(channel), command.bytes, now: now)
    }

    mutating func interruptSubscriptions() {
        for index in subscriptions.indices where subscriptions[index].isActive {
            subscriptions[index].isActive = false
            actions.append(.subscription(channel: subscriptions[index].channel, .interrupted))
        }
    }

    /// What a value says of its own accord; `nil` for a reply.
    func pushed(_ value: RESPValue) -> [RESPValue]? {
        switch value {
        case .push(let elements): return elements
        case .array(let elements) where role == .subscriptions:
            // In RESP2 these are arrays like others. The answer to a ping is one of two elements, too: `pong` and a text.
            guard elements.count == 3, let kind = elements[0].bytes, PushKind.all.contains(kind) else { return nil }
            return elements
        default: return nil
        }
    }

    mutating func take(push elements: [RESPValue], now: UInt64) {
        guard let kind = elements.first?.bytes, PushKind.all.contains(kind) else { return }
        guard elements.count == 3, let channel = elements[1].bytes else { return lose(.outOfOrder, now: now) }
        switch kind {
        case PushKind.message:
            guard let payload = elements[2].bytes else { return lose(.outOfOrder, now: now) }
            counts.messages += 1
            // One may still be on its way when its channel was given up.
            guard subscriptions.contains(where: { $0.channel == channel }) else { return }
            actions.append(.subscription(channel: channel, .message(payload)))
        case PushKind.subscribe: confirm(.subscribing(channel), now: now)
        default: confirm(.unsubscribing(channel), now: now)
        }
    }

    private mutating func confirm(_ purpose: Sent.Purpose, now: UInt64) {
        guard sent.first?.purpose == purpose, let entry = sent.popFirst() else {
            return lose(.outOfOrder, now: now)
        }
        owedSince = now
        size -= entry.size
        hasServed = true
        guard case .subscribing(let channel) = purpose,
            let index = subscriptions.firstIndex(where: { $0.channel == channel })
        else { return }
        actions.append(
            .subscription(channel: channel, .active(mayHaveMissed: subscriptions[index].wasActive))
        )
        subscriptions[index].isActive = true
        subscriptions[index].wasActive = true
    }
}

/// The first element of what concerns subscriptions.
private enum PushKind {
    static let message = ByteBuffer(string: "message")
    static let subscribe = ByteBuffer(string: "subscribe")
    static let unsubscribe = ByteBuffer(string: "unsubscribe")
    static let all = [message, subscribe, unsubscribe]
}
