import Quotas

/// Decides how many tokens of one shared rate a node holds, and what it asks the ledger for. Pure: it is told times and figures.
///
/// It holds as much as was spent in the last five seconds, and at most a quarter of a burst, so that other nodes find some; of a burst
/// under four it holds nothing ahead, and each call asks. Of a large burst it holds 160 for the slowest caller, too.
struct LeaseMachine {
    /// How long a lease lasts, in milliseconds. What a node that died had leased narrows the bucket for so long.
    static let timeToLive: Int64 = 10_000
    /// It holds what was spent in so long, so that a caller of ten calls a second has it ask every five seconds.
    private static let span: UInt64 = 5_000_000_000
    /// An empty bucket is asked for again after so long at most: what others held may have gone back.
    private static let longestPause: UInt64 = 1_000_000_000
    /// And, while tokens come fast, not before so many gathered as make asking worth it.
    private static let gathering: UInt64 = 100_000_000
    private static let mostSamples = 16

    private struct Sample {
        var at: UInt64
        var taken: Int
    }

    /// How the bucket fills.
    var shape: RateShape
    /// The last request; 0 before the first.
    private(set) var number: Int64 = 0
    private var isAnswered = true
    /// What Redis takes for ours: leased and kept by the last answered request.
    private var held = 0
    /// Leased in all and not put back.
    private var issued = 0
    private var samples: [Sample] = []
    private var takenTotal = 0
    private var takenAtLook = 0
    private(set) var idleLooks = 0

    init(_ shape: RateShape) { self.shape = shape }

    /// The most tokens to hold for calls to come.
    private var most: Int { shape.burst / 4 }

    /// What to hold at least: enough that a hundred calls come of one question, and so little of a burst that nobody misses it.
    private var least: Int { min(max(shape.burst / 64, 1), 160) }

    /// How many tokens to hold, by what was spent.
    /// - Parameters:
    ///   - available: tokens at hand.
    ///   - now: monotonic nanoseconds.
    mutating func target(available: Int, at now: UInt64) -> Int {
        takenTotal = max(issued - available, 0)
        let horizon = now > Self.span ? now - Self.span : 0
        // The last one before the horizon stays: who asks seldom has spent something since.
        while samples.count > 1, samples[1].at <= horizon { samples.removeFirst() }
        if samples.isEmpty || now - samples[samples.count - 1].at >= Self.span / UInt64(Self.mostSamples) {
            samples.append(Sample(at: now, taken: takenTotal))
        }
        let spent = Double(takenTotal - samples[0].taken)
        let elapsed = max(now - samples[0].at, Self.span)
        return min(max(Int(spent * Double(Self.span) / Double(elapsed)), least), most)
    }

    /// How many of the tokens at hand to keep in the next request; the rest goes back.
    /// - Parameter isExpired: whether they may be spent no longer.
    func keeps(target: Int, isExpired: Bool) -> Int {
        if isExpired { return 0 }
        // While an answer is missing, nothing can go back.
        return isAnswered ? target : .max
    }

    /// The next request; `nil` when there is nothing to ask for or to tell.
    /// - Parameters:
    ///   - kept: tokens that were kept.
    ///   - unspent: tokens that were taken away from the workers, to go back.
    ///   - renews: whether the lease is to last longer.
    mutating func request(
        key: String,
        number next: Int64,
        kept: Int,
        unspent: Int,
        target: Int,
        waiting: Int,
        renews: Bool
    ) -> RateLeaseRequest? {
        let wanted = min(max(0, target - kept) + waiting, shape.burst)
        guard wanted > 0 || held > kept || (renews && kept > 0) else { return nil }
        let former: RateLeaseRequest.Former
        if number == 0 {
            former = .none
        } else {
            former = isAnswered ? .answered(number: number, unspent: unspent) : .unanswered(number: number)
        }
        issued -= unspent
        number = next
        isAnswered = false
        return RateLeaseRequest(
            key: key,
            shape: shape,
            number: next,
            wanted: wanted,
            kept: kept,
            former: former,
            timeToLive: Self.timeToLive
        )
    }

    /// Takes in what was granted.
    mutating func leased(_ lease: RateLease, for request: RateLeaseRequest) {
        isAnswered = true
        held = lease.granted + request.kept
        issued += lease.granted
    }

    /// Takes in that tokens at hand were dropped, and nobody has spent them.
    mutating func dropped(_ count: Int) { issued -= count }

    /// How long not to ask again after an answer, in nanoseconds; none when all was granted.
    /// - Parameter share: 0…1, at random, so that nodes do not ask in step.
    func pause(after lease: RateLease, for request: RateLeaseRequest, share: Double) -> UInt64 {
        guard lease.granted < request.wanted else { return 0 }
        let gathering = Double(min(Self.gathering, shape.nanoseconds(for: most))) * (0.5 + share / 2)
        let next = lease.granted == 0 ? lease.retryAfter : shape.nanoseconds(for: 1)
        return min(max(UInt64(gathering), next), Self.longestPause)
    }

    /// Looks, once a second, whether anything was spent.
    mutating func look(available: Int) {
        takenTotal = max(issued - available, 0)
        idleLooks = takenTotal == takenAtLook ? idleLooks + 1 : 0
        takenAtLook = takenTotal
    }

    /// The lease to give back, when there is one.
    /// - Parameter unspent: tokens that were taken away from the workers.
    mutating func giveBack(key: String, unspent: Int) -> RateLeaseRequest? {
        guard held > 0, isAnswered else { return nil }
        issued -= unspent
        takenAtLook = max(issued, 0)
        held = 0
        return RateLeaseRequest(
            key: key,
            shape: shape,
            number: number,
            wanted: 0,
            kept: 0,
            former: .none,
            timeToLive: Self.timeToLive
        )
    }

    /// Whether tokens can go back now.
    var canGiveBack: Bool { held > 0 && isAnswered }
}
