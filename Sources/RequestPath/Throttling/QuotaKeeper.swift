public import Quotas
import Synchronization

/// A moment on both clocks.
public struct QuotaTime: Sendable, Hashable {
    /// Since 1970.
    public var second: Int64
    /// Monotonic nanoseconds.
    public var monotonic: UInt64

    /// Makes a moment.
    public init(second: Int64, monotonic: UInt64) {
        self.second = second
        self.monotonic = monotonic
    }
}

/// Fills the reserves of all quotas from a ledger, and empties them when the node stops.
///
/// Runs beside the workers; never on a loop of theirs.
/// While one batch of leases is being written, the next one gathers, so the ledger writes once for many customers.
public final class QuotaKeeper: Sendable {
    /// The most leases or settlements in one write.
    public static let mostPerBatch = 4096

    private let ledger: any QuotaLedger
    private let inbox = QuotaInbox()
    private let clock: @Sendable () -> QuotaTime
    private let report: @Sendable (any Error) -> Void
    private let reserves = Mutex<[QuotaKey: QuotaReserve]>([:])
    /// Reserves that were filled and are not at rest.
    private let active = Mutex<[QuotaKey: QuotaReserve]>([:])
    /// Those that are at rest, or could not be filled.
    private let resting = Mutex(RestingReserves())
    /// Settlements that could not be written yet.
    private let unsettled = Mutex<[QuotaSettlement]>([])

    /// Makes a keeper.
    /// - Parameter report: is told when the ledger fails.
    public init(
        ledger: any QuotaLedger,
        clock: @escaping @Sendable () -> QuotaTime,
        report: @escaping @Sendable (any Error) -> Void = { _ in }
    ) {
        self.ledger = ledger
        self.clock = clock
        self.report = report
    }

    /// The reserve of a customer for a quota; the same one for all workers. Not for the way of a request: keep it with the customer.
    ///
    /// A quota that changed (another number of calls, say) holds from the next block on.
    public func reserve(for key: QuotaKey, _ quota: Quota) -> QuotaReserve {
        reserves.withLock { reserves in
            if let known = reserves[key] {
                let isLarger = known.quota.withLock { former in
                    defer { former = quota }
                    return quota.calls > former.calls
                }
                // There may be calls again where there were none.
                if isLarger { known.unblock() }
                return known
            }
            let fresh = QuotaReserve(key: key, quota: quota, inbox: inbox)
            reserves[key] = fresh
            return fresh
        }
    }

    /// How many reserves there are.
    var reserveCount: Int { reserves.withLock { $0.count } }

    /// Has the ledger asked at the customer's next call, after its quota was reset or adjusted.
    public func refresh(_ key: QuotaKey) { reserves.withLock { $0[key] }?.unblock() }

    /// Serves the reserves until `stop`.
    public func run() async {
        await withTaskGroup { group in
            group.addTask {
                for await _ in self.inbox.signals { await self.fillAll() }
            }
            group.addTask {
                while (try? await Task.sleep(for: .seconds(1))) != nil { await self.look() }
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Ends `run`, lets nothing be taken any more, books what was spent and puts back what was not.
    ///
    /// Tickets that are still out count as spent, and what they cost is not booked; so stop when the calls have ended.
    public func stop() async {
        inbox.finish()
        let all = reserves.withLock { Array($0.values) }
        let time = clock()
        var settlements = unsettled.withLock { $0 }
        unsettled.withLock { $0 = [] }
        for reserve in all { settlements += reserve.close(at: time) }
        await settle(settlements)
    }

    /// Books what was spent up to now, so that the ledger can tell.
    public func settleAll() async {
        let all = active.withLock { Array($0.values) }
        let time = clock()
        await settle(all.flatMap { $0.booking(at: time) })
    }

    // MARK: Work

    /// Asks the ledger for all that is needed now.
    func fillAll() async {
        while true {
            let pending = inbox.takeAll()
            guard !pending.isEmpty else { return }
            var rest = pending[...]
            while !rest.isEmpty {
                await fill(rest.prefix(Self.mostPerBatch))
                rest = rest.dropFirst(Self.mostPerBatch)
            }
        }
    }

    private func fill(_ batch: ArraySlice<QuotaReserve>) async {
        let time = clock()
        var asked: [(QuotaReserve, QuotaLeaseRequest)] = []
        var settlements: [QuotaSettlement] = []
        for reserve in batch {
            let (request, settlement) = reserve.request(at: time)
            if let settlement { settlements.append(settlement) }
            if let request { asked.append((reserve, request)) } else { reserve.skip() }
        }
        await settle(settlements)
        guard !asked.isEmpty else { return }
        do {
            let leases = try await ledger.lease(asked.map(\.1))
            guard leases.count == asked.count else { throw QuotaLedgerFault.answers }
            active.withLock { active in
                for (reserve, _) in asked { active[reserve.key] = reserve }
            }
            let now = clock()
            let unusable = zip(asked, leases).compactMap { asked, lease in asked.0.fill(lease, for: asked.1, at: now) }
            await settle(unusable)
        } catch {
            report(error)
            for (reserve, _) in asked { reserve.fail(at: clock()) }
            resting.withLock { resting in
                for (reserve, _) in asked { resting.add(reserve.key) }
            }
        }
    }

    /// Puts back what is too much, and books what was spent. Once a second.
    func look() async {
        let time = clock()
        var settlements = unsettled.withLock { $0 }
        unsettled.withLock { $0 = [] }
        var resting: [QuotaKey] = []
        for reserve in active.withLock({ Array($0.values) }) {
            let (settlement, late, rests) = reserve.look(at: time)
            settlements += [settlement, late].compactMap { $0 }
            if rests { resting.append(reserve.key) }
        }
        active.withLock { active in
            for key in resting { active[key] = nil }
        }
        self.resting.withLock { line in
            for key in resting { line.add(key) }
        }
        await settle(settlements + letGo(at: time))
    }

    /// Lets go of reserves at rest that neither a worker nor a call knows any longer: whoever comes next begins with a new one, as the ledger
    /// has all that matters. Looks at some of them each time, so that nobody waits for long where there are many.
    private func letGo(at time: QuotaTime) -> [QuotaSettlement] {
        var settlements: [QuotaSettlement] = []
        for key in resting.withLock({ $0.take(Self.mostPerBatch) }) where active.withLock({ $0[key] == nil }) {
            // A worker gets to know one here only, so that what nobody else knows stays so.
            let (reserve, isKnown) = reserves.withLock { reserves -> (QuotaReserve?, Bool) in
                guard let place = reserves.index(forKey: key) else { return (nil, false) }
                guard isKnownUniquelyReferenced(&reserves.values[place]) else { return (nil, true) }
                return (reserves.remove(at: place).value, false)
            }
            if let reserve { settlements += reserve.close(at: time) }
            if isKnown { resting.withLock { $0.add(key) } }
        }
        return settlements
    }

    private func settle(_ settlements: [QuotaSettlement]) async {
        var rest = settlements[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.mostPerBatch))
            do {
                try await ledger.settle(batch)
                rest = rest.dropFirst(Self.mostPerBatch)
            } catch {
                report(error)
                keep(rest)
                return
            }
        }
    }

    private static let mostUnsettled = 1 << 20

    /// Calls that were made are booked later. What was to be put back is not put back again: it may have been written
    /// in spite of the error, and twice would let calls through beyond the limit.
    private func keep(_ settlements: ArraySlice<QuotaSettlement>) {
        let spent = settlements.filter { $0.spent > 0 }.map { settlement in
            var settlement = settlement
            settlement.returned = 0
            return settlement
        }
        unsettled.withLock { $0 += spent.prefix(max(0, Self.mostUnsettled - $0.count)) }
    }
}

/// An answer of a ledger that can't be.
public enum QuotaLedgerFault: Error, Sendable, Hashable {
    /// As many leases as were asked for did not come.
    case answers
}
