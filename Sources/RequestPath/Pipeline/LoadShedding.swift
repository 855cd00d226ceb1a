/// Decides which share of new requests is refused, from how late an event loop is. Pure: it is given delays and times.
///
/// The least delay of an interval is what counts, since a loop that caught up even once is not behind (CoDel, RFC 8289, 4.2).
/// While that is above the target, each interval refuses a tenth more of what is still served; each other one a quarter less
/// of what is refused.
struct LoadShedding {
    private static let mostShare = 0.95
    private static let leastShare = 0.01
    private static let growth = 0.1
    private static let decline = 0.75
    /// A process that was stopped and continued has one late observation, and is not overloaded.
    private static let leastObservations = 2

    private let target: UInt64
    private let interval: UInt64
    private var intervalEnds: UInt64 = 0
    private var leastDelay = UInt64.max
    private var observations = 0
    private var owed = 0.0
    /// The share of new requests that is refused, 0…0.95.
    private(set) var share = 0.0
    /// The delay that the last interval never fell below, in nanoseconds.
    private(set) var delay: UInt64 = 0

    /// Times in nanoseconds.
    init(target: UInt64, interval: UInt64) {
        self.target = target
        self.interval = interval
    }

    /// How often the delay should be observed, in nanoseconds.
    var observationPause: UInt64 { max(interval / 8, 5_000_000) }

    /// Takes in by how much the loop was late.
    mutating func observe(delay observed: UInt64, at now: UInt64) {
        leastDelay = min(leastDelay, observed)
        observations += 1
        // A loop that is later than the interval is long is seldom observed, and its interval waits for that.
        guard now >= intervalEnds, observations >= Self.leastObservations else { return }
        delay = leastDelay
        adjust()
        leastDelay = .max
        observations = 0
        intervalEnds = now &+ interval
    }

    private mutating func adjust() {
        if delay > target {
            share = min(share + (1 - share) * Self.growth, Self.mostShare)
        } else {
            share *= Self.decline
            if share < Self.leastShare { share = 0 }
        }
    }

    /// Whether the next request is refused: evenly spread over the requests, so that no run of luck decides.
    mutating func refusesNext() -> Bool {
        guard share > 0 else { return false }
        owed += share
        guard owed >= 1 else { return false }
        owed -= 1
        return true
    }
}
