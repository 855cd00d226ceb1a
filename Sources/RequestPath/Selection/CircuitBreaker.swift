public import Model

/// Leaves a backend alone that fails too often, and finds out with a few attempts whether it is well again.
///
/// ```
///            share of failures reached                time is over
///   closed ────────────────────────────▶ open ──────────────────────▶ half-open
///     ▲                                    ▲                            │    │
///     │                                    └──── a probe has failed ────┘    │
///     └──────────────────────── all probes have succeeded ───────────────────┘
/// ```
///
/// A pure state machine: `now` is a monotonic time in nanoseconds that the caller passes in and that never goes back. It
/// belongs to one worker, which judges by the attempts that it made itself.
public struct CircuitBreaker: Sendable {
    /// What an admitted attempt brings back with its outcome. An outcome from before the circuit's last change says nothing
    /// about the backend since, and is ignored.
    public struct Pass: Sendable, Equatable {
        fileprivate let period: UInt32
    }

    /// What came of an attempt.
    public enum Outcome: Sendable, Hashable {
        case success
        case failure
        /// It ended in a way that tells nothing about the backend: the client left.
        case unknown
    }

    /// How far the circuit lets attempts through.
    public enum Position: Sendable, Hashable {
        case closed
        case open
        case halfOpen
    }

    private enum Phase {
        case closed
        case open(until: UInt64)
        case halfOpen(since: UInt64, admitted: Int, succeeded: Int)
    }

    private let settings: Backend.Breaker
    private let duration: UInt64
    private let maxDuration: UInt64
    private var phase = Phase.closed
    private var period: UInt32 = 0
    private var window: FailureWindow
    /// Length of the last time that the circuit was open.
    private var lastOpen: UInt64 = 0
    private var closedSince: UInt64 = 0

    /// Makes a breaker whose circuit is closed.
    public init(_ settings: Backend.Breaker) {
        self.settings = settings
        duration = boundedNanoseconds(settings.duration)
        maxDuration = boundedNanoseconds(settings.maxDuration)
        window = FailureWindow(length: boundedNanoseconds(settings.window))
    }

    /// Whether `admit` would let an attempt through.
    public func wouldAdmit(now: UInt64) -> Bool {
        switch phase {
        case .closed: true
        case .open(let until): now >= until
        case .halfOpen(let since, let admitted, _): admitted < settings.probes || now >= since + lastOpen
        }
    }

    /// Lets an attempt through, whose outcome is then told to `ended`, or answers `nil`.
    ///
    /// Probes that have come to no end after as long as the circuit was open are not waited for any longer: others take
    /// their places.
    public mutating func admit(now: UInt64) -> Pass? {
        guard wouldAdmit(now: now) else { return nil }
        switch phase {
        case .closed: break
        case .open:
            period &+= 1
            phase = .halfOpen(since: now, admitted: 1, succeeded: 0)
        case .halfOpen(let since, let admitted, let succeeded):
            phase =
                admitted < settings.probes
                ? .halfOpen(since: since, admitted: admitted + 1, succeeded: succeeded)
                : .halfOpen(since: now, admitted: succeeded + 1, succeeded: succeeded)
        }
        return Pass(period: period)
    }

    /// An admitted attempt is over. Answers whether that opened the circuit just now.
    public mutating func ended(_ pass: Pass, _ outcome: Outcome, now: UInt64) -> Bool {
        guard pass.period == period else { return false }
        switch phase {
        case .closed: return ended(outcome, now: now)
        case .open: return false
        case .halfOpen(let since, let admitted, let succeeded):
            switch outcome {
            case .success where succeeded + 1 >= settings.probes: close(now: now)
            case .success: phase = .halfOpen(since: since, admitted: admitted, succeeded: succeeded + 1)
            case .unknown: phase = .halfOpen(since: since, admitted: max(admitted - 1, succeeded), succeeded: succeeded)
            case .failure:
                open(for: min(lastOpen * 2, maxDuration), now: now)
                return true
            }
            return false
        }
    }

    /// How far the circuit lets attempts through at a time.
    public func position(now: UInt64) -> Position {
        switch phase {
        case .closed: .closed
        case .open(let until): now < until ? .open : .halfOpen
        case .halfOpen: .halfOpen
        }
    }

    /// Nanoseconds until an attempt that is refused now may be let through: a second at least, for the probes to end.
    public func retryAfter(now: UInt64) -> UInt64 {
        guard case .open(let until) = phase, until > now else { return 1_000_000_000 }
        return max(until - now, 1_000_000_000)
    }

    private mutating func ended(_ outcome: Outcome, now: UInt64) -> Bool {
        if outcome == .unknown { return false }
        window.record(isFailure: outcome == .failure, now: now)
        guard window.attempts >= settings.minRequests,
            Double(window.failures) / Double(window.attempts) >= settings.failureShare
        else { return false }
        // Once it has been closed for as long as it was open, the former time is forgotten.
        let isInRow = lastOpen > 0 && now < closedSince + lastOpen
        open(for: isInRow ? min(lastOpen * 2, maxDuration) : duration, now: now)
        return true
    }

    private mutating func open(for length: UInt64, now: UInt64) {
        lastOpen = length
        period &+= 1
        phase = .open(until: now + length)
    }

    private mutating func close(now: UInt64) {
        closedSince = now
        period &+= 1
        phase = .closed
        window.clear()
    }
}
