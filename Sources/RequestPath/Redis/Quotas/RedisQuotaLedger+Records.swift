public import Quotas
import RESP

/// What operators see and change. Calls that other nodes hold in reserve count as used here, since only they know them.
extension RedisQuotaLedger: QuotaRecords {
    /// What a customer used of a quota in a window, once for each route where that counts by route.
    public func accounts(of customer: String, quota: String, in window: QuotaWindow) async throws -> [QuotaAccount] {
        let members = try await redis.send(RedisCommand("SMEMBERS", "daemun:quotas:\(customer)")).elements ?? []
        var accounts: [QuotaAccount] = []
        for name in members.compactMap(\.string).sorted() {
            guard let blank = name.firstIndex(of: " "), name[..<blank] == quota else { continue }
            let key = QuotaKey(quota: quota, subject: String(name[name.index(after: blank)...]))
            let used = try await redis.send(RedisCommand("GET", Self.counter(of: key, window))).integer ?? 0
            let usage = QuotaUsage(taken: Int(used), outstanding: outstanding(key, window), lost: 0)
            accounts.append(QuotaAccount(key: key, usage: usage))
        }
        return accounts
    }

    /// Calls by day, oldest first, of the days that start in `range`.
    public func history(_ key: QuotaKey, daysIn range: Range<Int64>) async throws -> [QuotaDay] {
        let pairs = try await redis.send(RedisCommand("HGETALL", Self.days(of: key))).pairs ?? []
        return pairs.compactMap { pair in
            let seconds = (pair.key.string ?? "").split(separator: " ").compactMap { Int64($0) }
            guard seconds.count == 2, seconds[0] < seconds[1], range.contains(seconds[0]),
                let calls = pair.value.integer
            else { return nil }
            return QuotaDay(day: QuotaWindow(start: seconds[0], end: seconds[1]), calls: Int(calls))
        }.sorted { $0.day.start < $1.day.start }
    }

    /// Says how many calls were used in a window.
    public func set(_ key: QuotaKey, window: QuotaWindow, used: Int) async throws {
        let taken = used + outstanding(key, window)
        let counter = Self.counter(of: key, window)
        _ = try await redis.send(RedisCommand("SET", counter, "\(taken)", "PXAT", "\(window.end * 1000)"))
    }

    /// Starts a window anew.
    public func reset(_ key: QuotaKey, window: QuotaWindow) async throws { try await set(key, window: window, used: 0) }
}
