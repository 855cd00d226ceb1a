import Quotas

/// Decides how many calls a node keeps in reserve for one quota of one customer, and when it asks for more or puts some back.
/// Pure: it is told times and figures.
///
/// What the reserve holds and is about to get is never more than the calls of one second, the last before it asked or looked
/// (there is a look each second), or one, and those that wait for it. That is what the death of the process costs the customer.
struct ReserveMachine {
    /// How long a reserve may lie unused until all of it is put back, in looks; there is one each second.
    static let looksUntilRest = 60
    private static let second: UInt64 = 1_000_000_000
    private static let mostSamples = 16

    private struct Sample {
        var at: UInt64
        var taken: Int
    }

    /// The window that the reserve is for; `nil` before the first.
    private(set) var window: QuotaWindow?
    /// The one before, in which calls may still be under way.
    private(set) var previous: QuotaWindow?
    /// Leased in this window and not put back.
    private var issued = 0
    private var samples: [Sample] = []
    private var takenAtLook = 0
    private var idleLooks = 0

    /// Goes over to another window, unless the reserve is for a later one: a clock that is set back opens no window again.
    /// - Returns: whether it did.
    mutating func enter(_ next: QuotaWindow) -> Bool {
        if let window, next.start <= window.start { return false }
        previous = window
        window = next
        // What was taken before counts for the rate, not for the window.
        samples = samples.map { Sample(at: $0.at, taken: $0.taken - takenTotal) }
        takenTotal = 0
        issued = 0
        takenAtLook = 0
        return true
    }

    private var takenTotal = 0

    /// How many more calls to ask for.
    /// - Parameters:
    ///   - available: calls in the reserve.
    ///   - waiting: calls that wait for it.
    ///   - now: monotonic nanoseconds.
    mutating func wish(available: Int, waiting: Int, at now: UInt64) -> Int {
        max(0, worth(available: available, at: now) - available) + waiting
    }

    /// Below or at this, the next block is asked for.
    mutating func lowMark(available: Int, at now: UInt64) -> Int { worth(available: available, at: now) / 2 }

    /// Takes in what was leased.
    mutating func leased(_ count: Int) { issued += count }

    /// Looks, once a second, whether the reserve holds more than it should.
    /// - Returns: how many calls to put back, and whether the reserve may rest until it is used again.
    mutating func look(available: Int, at now: UInt64) -> (excess: Int, rests: Bool) {
        let worth = worth(available: available, at: now)
        idleLooks = takenTotal == takenAtLook ? idleLooks + 1 : 0
        takenAtLook = takenTotal
        guard idleLooks < Self.looksUntilRest else {
            idleLooks = 0
            return (available, true)
        }
        return (max(0, available - worth), false)
    }

    /// Takes in what was put back.
    mutating func returned(_ count: Int) { issued -= count }

    /// The calls of the last second that are known to be of it; at least 1.
    private mutating func worth(available: Int, at now: UInt64) -> Int {
        takenTotal = max(issued - available, 0)
        let horizon = now > Self.second ? now - Self.second : 0
        samples.removeAll { $0.at < horizon }
        if samples.count == Self.mostSamples { samples.removeFirst() }
        samples.append(Sample(at: now, taken: takenTotal))
        // What was taken before the oldest sample may be older than a second, and a guess could cost the customer more.
        return max(takenTotal - samples[0].taken, 1)
    }
}
