public import Quotas
import RESP

/// The ledger that several nodes share: a counter in Redis for each window, out of which each node leases blocks of calls.
///
/// The sum over all nodes never exceeds a quota, however they die: a block counts as spent until its node says otherwise, and one that
/// dies with its node is lost until the window ends. Exact as long as the server keeps its data (`appendfsync always`);
/// a server that comes back without what it wrote last lets as much through again as it has forgotten.
///
/// Requests go one batch after the other, so that what a node says of its leases is never overtaken by what it said before.
public actor RedisQuotaLedger: QuotaLedger {
    /// What this node holds of a window.
    private struct Holding {
        /// The last request, and whether its answer came.
        var number: Int64 = 0
        var isAnswered = true
        /// Leased, and neither known to be spent nor put back.
        var outstanding = 0
        /// What is to be put back with the next request.
        var unspent = 0
        /// Whether operators find the quota.
        var isListed = false

        var ended: LeaseRequest.Ended {
            if number == 0 { return .none }
            return isAnswered ? .answered(number: number, unspent: unspent) : .unanswered(number: number)
        }
    }

    private struct Place: Hashable {
        var key: QuotaKey
        var start: Int64
    }

    let redis: RedisHandle
    private let holder: String
    private var holdings: [Place: Holding] = [:]
    private var lastNumber: Int64 = 0
    private var former: Task<Void, Never>?

    /// Calls that could not be written to their day yet.
    private var unbooked: [QuotaSettlement] = []

    private static let keptDays: Int64 = 400
    private static let mostUnbooked = 10_000

    /// Makes a ledger of a node.
    /// - Parameter redis: may serve others, too.
    public init(_ redis: RedisHandle) {
        self.redis = redis
        holder = DrawnName.new()
    }

    /// Takes calls out of quotas.
    /// - Throws: when one of them did not succeed; what the others were granted goes back with their next request.
    public func lease(_ requests: [QuotaLeaseRequest]) async throws -> [QuotaLease] {
        try await inTurn { try await self.leaseNow(requests) }
    }

    /// Books calls, and puts others back. What can't be written now is written with the next settlements, or lost to the customer.
    public func settle(_ settlements: [QuotaSettlement]) async throws {
        try await inTurn { await self.settleNow(settlements) }
    }

    private func inTurn<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let earlier = former
        let this = Task {
            await earlier?.value
            return try await body()
        }
        former = Task { _ = await this.result }
        return try await this.value
    }

    // MARK: Leases

    private func leaseNow(_ requests: [QuotaLeaseRequest]) async throws -> [QuotaLease] {
        for request in requests { forgetWindows(before: request.now) }
        let results = await withTaskGroup(of: (Int, Result<Lease, LeaseFailure>).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask {
                    let result = await self.lease(
                        request.wanted,
                        of: request.key,
                        request.window,
                        limit: request.limit
                    )
                    return (index, result)
                }
            }
            var results = [Result<Lease, LeaseFailure>?](repeating: nil, count: requests.count)
            for await (index, result) in group { results[index] = result }
            return results.compactMap { $0 }
        }
        do {
            return try results.map { result in
                let lease = try result.get()
                return QuotaLease(granted: lease.granted, left: lease.remaining)
            }
        } catch {
            for (request, result) in zip(requests, results) {
                guard case .success(let lease) = result else { continue }
                let place = Place(key: request.key, start: request.window.start)
                holdings[place]?.outstanding -= lease.granted
                holdings[place]?.unspent += lease.granted
            }
            throw error
        }
    }

    /// Asks for calls, and says what this node has left of those it got before.
    private func lease(
        _ wanted: Int,
        of key: QuotaKey,
        _ window: QuotaWindow,
        limit: Int
    ) async -> Result<Lease, LeaseFailure> {
        let place = Place(key: key, start: window.start)
        var holding = holdings[place] ?? Holding()
        lastNumber += 1
        var request = LeaseRequest(
            key: Self.name(of: key),
            holder: holder,
            number: lastNumber,
            wanted: wanted,
            timeToLive: window.length * 1000
        )
        request.ended = holding.ended
        request.kept = holding.outstanding
        let shared = WindowLimit(limit: limit, start: window.start * 1000, end: window.end * 1000)
        let result: Result<Lease, LeaseFailure>
        do throws(RedisError) {
            result = shared.lease(from: try await redis.send(shared.leaseCommand(request)))
        } catch {
            result = .failure(.redis(error))
        }
        switch result {
        case .success(let lease):
            holding.unspent = holding.isAnswered ? 0 : holding.unspent
            holding.number = request.number
            holding.isAnswered = true
            holding.outstanding += lease.granted
        case .failure(.redis(let error)) where error.mayHaveRun:
            // It may have put back what was unspent, so that is not put back again.
            holding.unspent = holding.isAnswered ? 0 : holding.unspent
            holding.number = request.number
            holding.isAnswered = false
        case .failure: break
        }
        holdings[place] = holding
        return result
    }

    private func forgetWindows(before second: Int64) {
        // A window is longer than a day, and calls of it are booked long before.
        guard holdings.count > 1, let oldest = holdings.keys.map(\.start).min(), oldest < second - Self.longestWindow
        else { return }
        holdings = holdings.filter { $0.key.start >= second - Self.longestWindow }
    }

    private static let longestWindow: Int64 = 33 * 86_400

    // MARK: Settlements

    private func settleNow(_ settlements: [QuotaSettlement]) async {
        var returns: [QuotaSettlement] = []
        for settlement in settlements {
            let place = Place(key: settlement.key, start: settlement.window.start)
            guard var holding = holdings[place] else { continue }
            holding.outstanding = max(0, holding.outstanding - settlement.spent - settlement.returned)
            holding.unspent += settlement.returned
            holdings[place] = holding
            if settlement.returned > 0 { returns.append(settlement) }
        }
        let booked = unbooked + settlements.filter { $0.spent > 0 }
        unbooked = []
        await withTaskGroup(of: Void.self) { group in
            for settlement in booked { group.addTask { await self.book(settlement) } }
            for settlement in returns {
                // A lease of nothing puts back; what does not succeed is put back with the next one, or lost.
                group.addTask { _ = await self.lease(0, of: settlement.key, settlement.window, limit: 0) }
            }
        }
    }

    /// Writes calls to their day, where operators read them; the quota itself has counted them when they were leased.
    private func book(_ settlement: QuotaSettlement) async {
        let days = Self.days(of: settlement.key)
        let field = "\(settlement.day.start) \(settlement.day.end)"
        do throws(RedisError) {
            _ = try await redis.send(RedisCommand("HINCRBY", days, field, "\(settlement.spent)"))
        } catch {
            // What may have been booked is not booked again.
            if !error.mayHaveRun, unbooked.count < Self.mostUnbooked { unbooked.append(settlement) }
            return
        }
        let place = Place(key: settlement.key, start: settlement.window.start)
        guard holdings[place]?.isListed == false else { return }
        // Once for each window is often enough; what comes after may fail, and then comes with the next booking.
        holdings[place]?.isListed = true
        let quotas = Self.quotas(of: settlement.key)
        let name = "\(settlement.key.quota) \(settlement.key.subject)"
        do throws(RedisError) {
            _ = try await redis.send(RedisCommand("SADD", quotas, name))
            _ = try await redis.send(RedisCommand("EXPIRE", quotas, "\(Self.keptDays * 86_400)"))
            _ = try await redis.send(RedisCommand("EXPIRE", days, "\(Self.keptDays * 86_400)"))
        } catch {
            holdings[place]?.isListed = false
        }
    }

    /// What this node holds of a window.
    func outstanding(_ key: QuotaKey, _ window: QuotaWindow) -> Int {
        holdings[Place(key: key, start: window.start)]?.outstanding ?? 0
    }

    // MARK: Names

    /// The key of `WindowLimit`'s counter.
    static func counter(of key: QuotaKey, _ window: QuotaWindow) -> String {
        "{\(name(of: key))}:\(window.start * 1000)"
    }

    private static func name(of key: QuotaKey) -> String { "daemun:quota:\(key.quota):\(key.subject)" }

    static func days(of key: QuotaKey) -> String { "daemun:days:\(key.quota):\(key.subject)" }

    private static func quotas(of key: QuotaKey) -> String { "daemun:quotas:\(key.subject.prefix { $0 != " " })" }
}
