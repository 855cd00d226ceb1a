/// What one endpoint is doing, in one worker or in all.
public struct EndpointStatus: Sendable, Hashable {
    /// `host:port`, with the address when the host is a name.
    public var name: String
    /// Requests in flight.
    public var active: Int
    /// Connections that are open or being opened.
    public var open: Int
    /// Connections at rest.
    public var idle: Int
    /// Requests in line for a connection.
    public var waiting: Int
    /// The active checks' verdict.
    public var isHealthy: Bool
    /// Workers in which passive ejection leaves it out.
    public var ejected: Int
    /// What has happened so far.
    public var totals: EndpointTotals

    /// Adds what another worker knows of the same endpoint.
    public mutating func add(_ other: EndpointStatus) {
        active += other.active
        open += other.open
        idle += other.idle
        waiting += other.waiting
        isHealthy = isHealthy && other.isHealthy
        ejected += other.ejected
        totals.failures += other.totals.failures
        totals.ejections += other.totals.ejections
        totals.busy += other.totals.busy
    }
}

/// What has happened to one endpoint since it is known.
public struct EndpointTotals: Sendable, Hashable {
    /// Attempts that it failed.
    public var failures = 0
    /// Times that passive ejection left it out, in each worker.
    public var ejections = 0
    /// Requests that it did not get because it had as many in flight as it may have.
    public var busy = 0
}

/// How a backend's circuit stands, in one worker or in all.
public struct CircuitStatus: Sendable, Hashable {
    /// Workers whose circuit is open.
    public var open: Int
    /// Workers whose circuit is half-open.
    public var halfOpen: Int
    /// Times that it was opened, in each worker.
    public var timesOpened: Int

    /// Adds what another worker knows of the same backend.
    public mutating func add(_ other: CircuitStatus) {
        open += other.open
        halfOpen += other.halfOpen
        timesOpened += other.timesOpened
    }
}
