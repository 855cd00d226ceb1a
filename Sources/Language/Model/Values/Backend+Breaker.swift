extension Backend {
    /// When a backend that fails too often is left alone for a while, whichever its targets.
    public struct Breaker: Sendable, Hashable {
        /// The time over which attempts are counted.
        public var window: Duration
        /// Attempts in the window below which nothing is concluded from them.
        public var minRequests: Int
        /// Failures as a share of the attempts that opens the circuit, above 0 and up to 1.
        public var failureShare: Double
        /// How long it stays open at first; doubled each time in a row, up to `maxDuration`.
        public var duration: Duration
        /// Longest time that it stays open.
        public var maxDuration: Duration
        /// Attempts that are let through after that time, all of which must succeed.
        public var probes: Int

        /// Makes breaker settings.
        public init(
            window: Duration = .seconds(10),
            minRequests: Int = 20,
            failureShare: Double = 0.5,
            duration: Duration = .seconds(5),
            maxDuration: Duration = .seconds(60),
            probes: Int = 3
        ) {
            self.window = window
            self.minRequests = minRequests
            self.failureShare = failureShare
            self.duration = duration
            self.maxDuration = maxDuration
            self.probes = probes
        }
    }
}
