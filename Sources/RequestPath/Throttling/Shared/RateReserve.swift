import Quotas
import Synchronization

/// The tokens of one shared rate, for one caller, that this node may spend without asking anybody.
///
/// All workers take from it, without a lock and without waiting. Redis takes every token in it for spent already, or for ours; see
/// `RateLimit` in the module that leases them. `SharedRates` fills it; a worker only says that it runs low.
final class RateReserve: Sendable {
    /// A lease is renewed when it ends sooner than this.
    static let renewal: UInt64 = 1_600_000_000
    /// How long Redis is not asked after it could not be.
    private static let failurePause: UInt64 = 500_000_000

    fileprivate struct Slow {
        var machine: LeaseMachine
        var wakes = Wakes()
        var isRetired = false
    }

    /// The name of the bucket, the same on all nodes.
    let key: String
    private let rates: SharedRates
    private let slow: Mutex<Slow>
    /// The tokens at hand; each request is an epoch.
    private let tokens = TokenCount()
    /// When what is at hand may be spent no longer, in monotonic nanoseconds.
    private let usableUntil = Atomic<UInt64>(0)
    /// Before this, an empty reserve does not ask.
    private let blockedUntil = Atomic<UInt64>(0)
    /// When there may be a token again, for clients.
    private let retryAt = Atomic<UInt64>(0)
    /// When the bucket is full, for clients.
    private let fullAt = Atomic<UInt64>(0)
    private let leftForOthers = Atomic<Int>(0)
    private let lowMark = Atomic<Int>(0)
    private let isAsked = Atomic<Bool>(false)
    private let isFailing = Atomic<Bool>(false)
    private let isRetired = Atomic<Bool>(false)

    init(key: String, shape: RateShape, rates: SharedRates) {
        self.key = key
        self.rates = rates
        slow = Mutex(Slow(machine: LeaseMachine(shape)))
    }

    // MARK: On the way of a request

    /// Takes a token.
    /// - Parameter now: monotonic nanoseconds.
    func take(at now: UInt64) -> RateTake {
        if let taken = tokens.take(while: { now < usableUntil.load(ordering: .acquiring) }) {
            let isLow = taken.left <= lowMark.load(ordering: .relaxed) && now >= blockedUntil.load(ordering: .relaxed)
            return .taken(RateTicket(reserve: self, epoch: taken.epoch, isLow: isLow))
        }
        if isRetired.load(ordering: .acquiring) { return .retired }
        let isBlocked = now < blockedUntil.load(ordering: .acquiring)
        if isFailing.load(ordering: .relaxed) || rates.isAway {
            // Nobody waits for a server that has not answered; it is asked beside.
            if !isBlocked { ask() }
            return .unavailable
        }
        return isBlocked ? .exhausted : .wait
    }

    /// Calls `wake` when the reserve has changed, on another thread. `take` should be tried once more after this returns.
    /// - Returns: `false` when too many wait already, or the reserve is retired.
    func whenChanged(_ wake: @escaping @Sendable () -> Void) -> Bool {
        let isIn = slow.withLock { slow in
            !slow.isRetired && slow.wakes.add(wake)
        }
        if isIn { ask() }
        return isIn
    }

    /// What is left as far as this node knows.
    func standing(at now: UInt64) -> Standing {
        Standing(
            remaining: available + leftForOthers.load(ordering: .relaxed),
            reset: Self.time(until: fullAt.load(ordering: .relaxed), from: now),
            wait: 0
        )
    }

    /// How it stands when it is empty.
    func emptyStanding(at now: UInt64) -> Standing {
        let wait = Self.time(until: retryAt.load(ordering: .relaxed), from: now)
        return Standing(remaining: 0, reset: max(wait, standing(at: now).reset), wait: wait)
    }

    private static func time(until moment: UInt64, from now: UInt64) -> UInt64 { moment > now ? moment - now : 0 }

    /// Asks for more, unless that is under way.
    func ask() {
        if !isAsked.exchange(true, ordering: .acquiringAndReleasing) { rates.serve(self) }
    }

    func putBack(epoch: UInt64) { tokens.putBack(epoch: epoch) }

    // MARK: The ledger's side

    /// Tokens at hand.
    var available: Int { tokens.available }

    /// Whether there has to be another one of the key.
    var isOver: Bool { isRetired.load(ordering: .acquiring) }

    /// Has the bucket fill otherwise, from the next request on.
    func change(to shape: RateShape) { slow.withLock { $0.machine.shape = shape } }

    /// What to ask the ledger for; `nil` when it needs nothing.
    func request(at now: UInt64) -> RateLeaseRequest? {
        slow.withLock { slow in
            guard !slow.isRetired else { return nil }
            let end = usableUntil.load(ordering: .relaxed)
            let target = slow.machine.target(available: available, at: now)
            let (kept, unspent) = tokens.startEpoch(keeping: slow.machine.keeps(target: target, isExpired: now >= end))
            let request = slow.machine.request(
                key: key,
                number: rates.nextNumber(),
                kept: kept,
                unspent: unspent,
                target: target,
                // What finds out whether Redis answers again asks for a token, though nobody waits.
                waiting: max(slow.wakes.count, isFailing.load(ordering: .relaxed) || rates.isAway ? 1 : 0),
                renews: end < now + Self.renewal
            )
            // Nothing was told, so nothing has gone.
            if request == nil, unspent > 0 { tokens.add(unspent) }
            return request
        }
    }

    /// Takes in what was leased, and wakes who waits.
    /// - Parameters:
    ///   - sent: when the request was made.
    ///   - share: 0…1, at random.
    func fill(_ lease: RateLease, for request: RateLeaseRequest, sent: UInt64, at now: UInt64, share: Double) {
        let wakes = slow.withLock { slow in
            // The tokens that were kept may have ended before Redis got the request, and with that be no longer ours.
            if now >= usableUntil.load(ordering: .relaxed) {
                slow.machine.dropped(tokens.startEpoch().unspent)
            }
            slow.machine.leased(lease, for: request)
            leftForOthers.store(lease.left, ordering: .relaxed)
            fullAt.store(sent &+ min(lease.resetsAfter, 1 << 62), ordering: .relaxed)
            usableUntil.store(sent &+ min(lease.expiresAfter, 1 << 62), ordering: .releasing)
            tokens.add(lease.granted)
            let pause = slow.machine.pause(after: lease, for: request, share: share)
            retryAt.store(now &+ max(pause, min(lease.retryAfter, 1 << 62)), ordering: .relaxed)
            blockedUntil.store(pause > 0 ? now &+ pause : 0, ordering: .releasing)
            let mark = slow.machine.target(available: available, at: now) / 4
            lowMark.store(mark, ordering: .relaxed)
            isFailing.store(false, ordering: .relaxed)
            return slow.wakes.takeAll()
        }
        finishAsking(again: now >= blockedUntil.load(ordering: .relaxed) && lease.granted > 0)
        for wake in wakes { wake() }
    }

    /// Takes in that there was nothing to ask for.
    func skip() {
        let wakes = slow.withLock { $0.wakes.takeAll() }
        finishAsking(again: false)
        for wake in wakes { wake() }
    }

    /// Takes in that Redis could not be asked.
    func fail(at now: UInt64) {
        isFailing.store(true, ordering: .relaxed)
        blockedUntil.store(now &+ Self.failurePause, ordering: .releasing)
        skip()
    }

    private func finishAsking(again: Bool) {
        isAsked.store(false, ordering: .sequentiallyConsistent)
        // Who came while it was asked could not ask.
        if slow.withLock({ !$0.wakes.isEmpty }) || (again && available < lowMark.load(ordering: .relaxed)) { ask() }
    }

    /// What a look at the reserve asks for.
    enum Look {
        case nothing
        /// It has not been used for a second: its tokens go back.
        case giveBack(RateLeaseRequest, unspent: Int)
        /// It has not been used for long, and holds nothing.
        case retire
    }

    /// Looks, once a second, whether it is used.
    func look(at now: UInt64) -> Look {
        guard !isAsked.load(ordering: .acquiring) else { return .nothing }
        let look: Look = slow.withLock { slow in
            slow.machine.look(available: available)
            guard slow.machine.idleLooks > 0, slow.wakes.isEmpty else { return .nothing }
            if slow.machine.canGiveBack {
                let unspent = tokens.startEpoch().unspent
                guard let lease = slow.machine.giveBack(key: key, unspent: unspent) else { return .nothing }
                return .giveBack(lease, unspent: unspent)
            }
            guard slow.machine.idleLooks >= Self.looksUntilRetired else { return .nothing }
            slow.isRetired = true
            isRetired.store(true, ordering: .releasing)
            tokens.startEpoch()
            return .retire
        }
        if case .nothing = look, available > 0, usableUntil.load(ordering: .relaxed) < now &+ Self.renewal { ask() }
        return look
    }

    /// After so many looks without use, five seconds longer than a lease lasts, nothing is known of it that matters.
    static let looksUntilRetired = Int(LeaseMachine.timeToLive / 1000) + 5

    /// Lets nothing be taken any more.
    /// - Returns: the lease to give back.
    func close() -> (lease: RateLeaseRequest, unspent: Int)? {
        let (lease, unspent, wakes) = slow.withLock { slow in
            slow.isRetired = true
            isRetired.store(true, ordering: .releasing)
            let unspent = tokens.startEpoch().unspent
            return (slow.machine.giveBack(key: key, unspent: unspent), unspent, slow.wakes.takeAll())
        }
        for wake in wakes { wake() }
        return lease.map { ($0, unspent) }
    }
}
