/// Bounds the retries of a backend to a share of its requests, so that a failing backend is not buried under them.
///
/// Each request deposits its share of a retry and each retry costs one. What is unspent fades with a time constant of
/// ten seconds: a failure after busy times may be answered by as many retries as ten seconds of requests earned. A
/// floor is deposited with time, so that a quiet backend can retry at all. Under lasting failure, retries thus settle
/// at the share of requests plus the floor.
public struct RetryBudget: Sendable {
    private static let second: UInt64 = 1_000_000_000
    /// What remains of the balance after a second.
    private static let fade = 0.9
    /// After this time nothing noticeable remains of it.
    private static let forgotten = 100 * second

    private let share: Double
    private let floorPerSecond: Double
    private var balance: Double
    /// Up to when the balance is settled, in whole seconds after the first.
    private var settled: UInt64

    /// Makes a budget with the floor saved up.
    ///
    /// - Parameters:
    ///   - share: retries as a part of requests, as in `Backend.Retry.budget`; 0 allows none, not even the floor.
    ///   - floorPerSecond: retries a second that are granted whatever the traffic. Each worker has a budget of its own,
    ///     so divide what the backend should get by their number.
    ///   - now: monotonic nanoseconds.
    public init(share: Double, floorPerSecond: Double = 10, now: UInt64) {
        self.share = share
        self.floorPerSecond = share > 0 ? floorPerSecond : 0
        balance = self.floorPerSecond / (1 - Self.fade)
        settled = now
    }

    /// Counts a request; not called for its retries.
    public mutating func deposit(now: UInt64) {
        settle(now)
        balance += share
    }

    /// Asks for a retry, and pays for it if the answer is yes.
    public mutating func withdraw(now: UInt64) -> Bool {
        settle(now)
        guard balance >= 1 else { return false }
        balance -= 1
        return true
    }

    private mutating func settle(_ now: UInt64) {
        guard now >= settled + Self.second else { return }
        if now - settled > Self.forgotten { settled = now - Self.forgotten }
        while now >= settled + Self.second {
            balance = balance * Self.fade + floorPerSecond
            settled += Self.second
        }
    }
}
