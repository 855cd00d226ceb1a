public import Quotas
import Synchronization

/// The calls of one quota of one customer that this node may spend without asking anybody.
///
/// All workers take from it, without a lock and without waiting.
/// Every call in it stands in the ledger as taken already. Filling it is the `QuotaKeeper`'s work; a worker only tells it
/// that the reserve runs low, once for each block.
public final class QuotaReserve: Sendable {
    /// The most calls that wait for a reserve at a time.
    public static let mostWaiting = Wakes.most

    struct Slow {
        var machine = ReserveMachine()
        var wakes = Wakes()
        var isClosed = false
    }

    /// Whose calls, of which quota.
    public let key: QuotaKey
    let quota: Mutex<Quota>
    let slow = Mutex(Slow())
    private let inbox: QuotaInbox
    /// The calls that may be taken; each window is an epoch.
    private let calls = TokenCount()
    /// The second at which what is in the reserve may be spent no longer.
    private let usableUntil = Atomic<Int64>(0)
    /// The end of the window, for clients.
    private let windowEnd = Atomic<Int64>(0)
    /// Before this second, an empty reserve is not asked for again. Twice the second, and 1 more when the ledger failed.
    private let blocked = Atomic<Int64>(0)
    private let lowMark = Atomic<Int>(0)
    private let isAsked = Atomic<Bool>(false)
    /// What the ledger had left at the last lease.
    private let leftInLedger = Atomic<Int>(0)
    private let spent = Atomic<Int>(0)
    private let spentLate = Atomic<Int>(0)

    init(key: QuotaKey, quota: Quota, inbox: QuotaInbox) {
        self.key = key
        self.quota = Mutex(quota)
        self.inbox = inbox
    }

    // MARK: On the way of a request

    /// Takes a call.
    /// - Parameter second: since 1970.
    public func take(at second: Int64) -> QuotaTake {
        if let taken = calls.take(while: { second < usableUntil.load(ordering: .acquiring) }) {
            // What the ledger does not have is not asked for with every call.
            if taken.left <= lowMark.load(ordering: .relaxed), second >= blocked.load(ordering: .relaxed) >> 1 { ask() }
            return .taken(QuotaTicket(reserve: self, epoch: taken.epoch))
        }
        let blocked = blocked.load(ordering: .acquiring)
        guard second < blocked >> 1 else { return .wait }
        return blocked & 1 == 0 ? .exhausted(until: windowEnd.load(ordering: .relaxed)) : .unavailable
    }

    /// Calls `wake` when the reserve has changed, on another thread. `take` should be tried once more after this returns.
    /// - Returns: `false` when too many wait already, or the reserve is closed.
    public func whenChanged(_ wake: @escaping @Sendable () -> Void) -> Bool {
        let isIn = slow.withLock { slow in
            !slow.isClosed && slow.wakes.add(wake)
        }
        if isIn { ask() }
        return isIn
    }

    /// What is left as far as this node knows, and the second at which the quota starts anew; for `RateLimit`.
    public var standing: (remaining: Int, end: Int64) {
        (calls.available + leftInLedger.load(ordering: .relaxed), windowEnd.load(ordering: .relaxed))
    }

    private func ask() {
        if !isAsked.exchange(true, ordering: .acquiringAndReleasing) { inbox.add(self) }
    }

    // MARK: Tickets

    func book(epoch: UInt64) {
        if calls.epoch == epoch {
            spent.wrappingAdd(1, ordering: .relaxed)
        } else {
            spentLate.wrappingAdd(1, ordering: .relaxed)
        }
    }

    func putBack(epoch: UInt64) { calls.putBack(epoch: epoch) }

    // MARK: The keeper's side

    var available: Int { calls.available }

    /// What to ask the ledger for; `nil` when it needs nothing.
    func request(at time: QuotaTime) -> (request: QuotaLeaseRequest?, settlement: QuotaSettlement?) {
        let quota = quota.withLock { $0 }
        let next = quota.calendar.window(quota.period, at: time.second)
        return slow.withLock { slow in
            guard !slow.isClosed else { return (nil, nil) }
            var former: QuotaSettlement?
            if slow.machine.window?.contains(time.second) != true {
                let before = slow.machine
                if slow.machine.enter(next) {
                    startWindow(next)
                    former = settlement(before, returned: 0, quota, at: time)
                }
            }
            let available = available
            if available > 0, time.second >= usableUntil.load(ordering: .relaxed) { _ = calls.withdraw(available) }
            guard let window = slow.machine.window else { return (nil, former) }
            let wanted = slow.machine.wish(
                available: self.available,
                waiting: slow.wakes.count,
                at: time.monotonic
            )
            guard wanted > 0 else { return (nil, former) }
            let request = QuotaLeaseRequest(
                key: key,
                window: window,
                limit: quota.calls,
                wanted: wanted,
                now: time.second
            )
            return (request, former)
        }
    }

    /// Puts what was leased into the reserve, and wakes who waits.
    /// - Returns: what is to be put back, since the reserve was closed meanwhile.
    func fill(_ lease: QuotaLease, for request: QuotaLeaseRequest, at time: QuotaTime) -> QuotaSettlement? {
        let (isUsable, wakes) = slow.withLock { slow in
            guard !slow.isClosed, slow.machine.window == request.window else { return (false, slow.wakes.takeAll()) }
            slow.machine.leased(lease.granted)
            leftInLedger.store(lease.left, ordering: .relaxed)
            let end = min(lease.expires ?? .max, request.window.end)
            let former = available > 0 ? usableUntil.load(ordering: .relaxed) : .max
            usableUntil.store(min(end, former), ordering: .releasing)
            calls.add(lease.granted)
            block(lease.granted == 0 ? min(time.second + 1, request.window.end) << 1 : 0)
            let available = available
            lowMark.store(slow.machine.lowMark(available: available, at: time.monotonic), ordering: .relaxed)
            return (true, slow.wakes.takeAll())
        }
        finishAsking(again: isUsable && lease.granted > 0)
        for wake in wakes { wake() }
        guard !isUsable, lease.granted > 0 else { return nil }
        let window = request.window
        return QuotaSettlement(key: key, window: window, day: window, spent: 0, returned: lease.granted)
    }

    /// Takes in that there was nothing to ask for.
    func skip() {
        let wakes = slow.withLock { $0.wakes.takeAll() }
        finishAsking(again: false)
        for wake in wakes { wake() }
    }

    /// Takes in that the ledger could not be written.
    func fail(at time: QuotaTime) {
        block((time.second + 1) << 1 | 1)
        skip()
    }

    /// Looks whether there is too much in the reserve, or something to book.
    func look(at time: QuotaTime) -> (settlement: QuotaSettlement?, late: QuotaSettlement?, rests: Bool) {
        let quota = quota.withLock { $0 }
        return slow.withLock { slow in
            let (excess, rests) = slow.machine.look(available: available, at: time.monotonic)
            let returned = excess > 0 ? calls.withdraw(excess) : 0
            slow.machine.returned(returned)
            let late = lateSettlement(slow.machine, quota)
            return (settlement(slow.machine, returned: returned, quota, at: time), late, rests)
        }
    }

    /// What is to be booked now.
    func booking(at time: QuotaTime) -> [QuotaSettlement] {
        let quota = quota.withLock { $0 }
        return slow.withLock { slow in
            [settlement(slow.machine, returned: 0, quota, at: time), lateSettlement(slow.machine, quota)].compactMap {
                $0
            }
        }
    }

    /// Lets nothing be taken any more.
    /// - Returns: what is to be booked and put back.
    func close(at time: QuotaTime) -> [QuotaSettlement] {
        let quota = quota.withLock { $0 }
        let (settlements, wakes) = slow.withLock { slow in
            slow.isClosed = true
            block(Int64.max)
            let returned = calls.startEpoch().unspent
            let all = [
                settlement(slow.machine, returned: returned, quota, at: time), lateSettlement(slow.machine, quota),
            ]
            return (all.compactMap { $0 }, slow.wakes.takeAll())
        }
        for wake in wakes { wake() }
        return settlements
    }

    /// Has the ledger asked at the next call, even if the quota was used up.
    func unblock() { block(0) }

    private func block(_ until: Int64) { blocked.store(until, ordering: .releasing) }

    private func finishAsking(again: Bool) {
        isAsked.store(false, ordering: .sequentiallyConsistent)
        if again, available <= lowMark.load(ordering: .relaxed) { ask() }
    }

    private func startWindow(_ window: QuotaWindow) {
        calls.startEpoch()
        windowEnd.store(window.end, ordering: .relaxed)
        block(0)
    }

    private func settlement(_ machine: ReserveMachine, returned: Int, _ quota: Quota, at time: QuotaTime)
        -> QuotaSettlement?
    {
        guard let window = machine.window else { return nil }
        let spent = spent.exchange(0, ordering: .acquiringAndReleasing)
        guard spent > 0 || returned > 0 else { return nil }
        // Calls of a window are booked on one of its days, even when the window ended before they were.
        let second = min(time.second, window.end - 1)
        return QuotaSettlement(
            key: key,
            window: window,
            day: quota.calendar.window(.day, at: max(second, window.start)),
            spent: spent,
            returned: returned
        )
    }

    private func lateSettlement(_ machine: ReserveMachine, _ quota: Quota) -> QuotaSettlement? {
        let late = spentLate.exchange(0, ordering: .acquiringAndReleasing)
        guard late > 0, let window = machine.previous ?? machine.window else { return nil }
        let day = quota.calendar.window(.day, at: window.end - 1)
        return QuotaSettlement(key: key, window: window, day: day, spent: late, returned: 0)
    }
}
