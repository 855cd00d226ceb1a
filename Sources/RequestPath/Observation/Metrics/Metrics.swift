public import Exchange

/// One worker's counters. Confined to the worker's event loop: plain numbers, no atomics.
public final class Metrics {
    private var counts: RouteCounts
    private var causes = BoundedCounts(limit: 128)
    private var retries = BoundedCounts(limit: 256)
    private var connections = ConnectionCounts()
    private var tunnels = ConnectionCounts()
    private var handshakes = HandshakeCounts()
    private var revision: Int

    /// Makes counters for the routes of a snapshot.
    public init(_ layout: MetricsLayout = MetricsLayout(routes: []), revision: Int = 0) {
        counts = RouteCounts(layout: layout)
        self.revision = revision
    }

    /// Goes over to the routes of another snapshot. Counts are carried over by API, stage and route key; those of
    /// routes that are gone vanish.
    public func adopt(_ layout: MetricsLayout, revision: Int) {
        counts = counts.moved(to: layout)
        self.revision = revision
    }

    /// Counts a call that is over, however it ended.
    public func record(_ exchange: Exchange) {
        let record = exchange.record
        counts.count(record, of: exchange.route)
        if let cause = record.cause { causes.add(1, to: cause.text) }
        if record.attempts > 1, let backend = record.backend { retries.add(record.attempts - 1, to: backend) }
    }

    /// Counts a client's connection that was accepted.
    public func connectionOpened() {
        connections.active += 1
        connections.total += 1
    }

    /// Counts a client's connection that was closed.
    public func connectionClosed() { connections.active -= 1 }

    /// Counts a call that became a WebSocket connection.
    public func tunnelOpened() {
        tunnels.active += 1
        tunnels.total += 1
    }

    /// Counts the end of a WebSocket connection.
    public func tunnelClosed() { tunnels.active -= 1 }

    /// Counts a TLS handshake that is over.
    public func handshakeEnded(_ result: HandshakeResult) { handshakes.count(result) }

    /// Counts a client's connection that was closed before it could bring a request.
    public func connectionRefused(_ reason: ConnectionRefusal) { connections.refused[reason, default: 0] += 1 }

    /// The counters as they are now, to be read anywhere. Cheap: nothing is copied before it changes.
    public func snapshot() -> MetricsSnapshot {
        MetricsSnapshot(
            counts: counts,
            causes: causes,
            retries: retries,
            connections: connections,
            tunnels: tunnels,
            handshakes: handshakes,
            revision: revision
        )
    }
}

/// Clients' connections, or those of them that speak WebSocket.
struct ConnectionCounts: Sendable {
    var active = 0
    var total = 0
    var refused: [ConnectionRefusal: Int] = [:]

    /// Adds another worker's.
    mutating func add(_ other: ConnectionCounts) {
        active += other.active
        total += other.total
        refused.merge(other.refused, uniquingKeysWith: +)
    }
}
