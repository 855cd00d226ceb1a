import Exchange
import Model

/// The least speed at which a transfer may go on: after a grace, so many bytes a second on average.
struct MinimumPace {
    /// What one byte may take, in nanoseconds; `nil` sets no limit.
    private let nanosecondsPerByte: UInt64?
    private let grace: UInt64

    init(bytesPerSecond: Int, grace: UInt64) {
        nanosecondsPerByte = bytesPerSecond > 0 ? max(1_000_000_000 / UInt64(bytesPerSecond), 1) : nil
        self.grace = grace
    }

    /// How long a transfer may have taken that has moved so many bytes; `UInt64.max` for ever.
    func allowance(forBytes count: Int) -> UInt64 {
        guard let nanosecondsPerByte else { return .max }
        let (time, overflows) = UInt64(max(count, 0)).multipliedReportingOverflow(by: nanosecondsPerByte)
        guard !overflows, time < .max - grace else { return .max }
        return grace + time
    }
}

/// What a server's connections go by, in both directions.
struct TransferRates {
    let request: MinimumPace
    let response: MinimumPace
    /// The time after which a look at a slow reader's progress is worth while.
    let grace: UInt64

    init(_ limits: Limits) {
        let rate = limits.minimumRate
        grace = min(rate.grace, limits.bodyIdleTimeout).nanoseconds
        request = MinimumPace(bytesPerSecond: rate.request, grace: rate.grace.nanoseconds)
        response = MinimumPace(bytesPerSecond: rate.response, grace: rate.grace.nanoseconds)
    }
}

/// How long the gateway has waited for one request's body. Only the time counts in which it was ready to take more.
struct RequestPace {
    private var waited: UInt64 = 0
    private var since: UInt64 = 0

    /// The gateway takes bytes from now on.
    mutating func resume(at now: UInt64) { since = now }

    /// The gateway takes no more for now.
    mutating func pause(at now: UInt64) { waited &+= now &- since }

    /// When the body is too slow, unless more of it comes; `UInt64.max` for never.
    func deadline(_ pace: MinimumPace, bytes: Int) -> UInt64 {
        let allowance = pace.allowance(forBytes: bytes)
        guard allowance != .max else { return .max }
        return since &+ (allowance > waited ? allowance - waited : 0)
    }
}

/// Watches how fast a client takes what was sent to it. Consulted only when a client has been slow for a while, so it
/// costs those that are not slow nothing.
struct ResponsePace {
    enum Verdict: Equatable {
        /// Look again then.
        case wait(until: UInt64)
        /// It takes bytes, but too few.
        case slow
        /// It takes nothing.
        case stalled
    }

    private var begun: UInt64 = 0
    private var first = 0
    private var latest = 0
    private var lastProgress: UInt64 = 0
    private(set) var isWatching = false

    /// Watches nothing yet.
    init() {}

    /// - Parameters:
    ///   - taken: bytes that the client has acknowledged, counted from anywhere.
    ///   - idle: how long it may take nothing.
    mutating func check(taken: Int, at now: UInt64, pace: MinimumPace, idle: UInt64) -> Verdict {
        if !isWatching {
            isWatching = true
            (begun, lastProgress) = (now, now)
            (first, latest) = (taken, taken)
        } else if taken > latest {
            latest = taken
            lastProgress = now
        }
        let allowance = pace.allowance(forBytes: latest - first)
        let slowAt = allowance == .max ? .max : begun &+ allowance
        if slowAt <= now { return latest > first ? .slow : .stalled }
        let stalledAt = lastProgress &+ idle
        return stalledAt <= now ? .stalled : .wait(until: min(slowAt, stalledAt))
    }

    /// The client has caught up.
    mutating func reset() { self = ResponsePace() }
}
