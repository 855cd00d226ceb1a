/// When a worker counts as overloaded, and what it serves then.
///
/// The measure is how late the worker's event loop comes to what is due: the time that every byte waits before anything is
/// done about it. As in CoDel (RFC 8289), only a delay that never falls below the target during an interval counts.
public struct Overload: Sendable, Hashable {
    /// A delay that is borne for any time.
    public var target: Duration
    /// How long the delay must stay above the target; the share of refused requests changes once in this time.
    public var interval: Duration
    /// Paths, as they are routed, whose requests are never refused: health checks.
    public var exempt: [String]

    /// Makes a rule.
    public init(target: Duration = .milliseconds(50), interval: Duration = .milliseconds(250), exempt: [String] = []) {
        self.target = target
        self.interval = interval
        self.exempt = exempt
    }
}
