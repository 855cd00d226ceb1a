internal import GRDB
public import Quotas
internal import SQLiteFile

/// The ledger of one node: an SQLite file. What it has leased is on the disk before it says so.
///
/// A window's row holds what was taken out of it (leased and not put back) and how much of that is outstanding
/// (leased, and not yet known to be spent or put back). What is outstanding when the file is opened went with a process that died: it
/// stays taken, and is booked as lost.
public final class SQLiteQuotaLedger: QuotaLedger, QuotaRecords {
    private let database: SQLiteFile

    /// Opens the file, or makes it.
    /// - Throws: what SQLite says when the file can't be used.
    public init(path: String) throws {
        database = try SQLiteFile(path: path, label: "daemun.quota", migrations: Self.migrations) { database in
            try database.execute(
                sql: "UPDATE quota_window SET lost = lost + outstanding, outstanding = 0 WHERE outstanding <> 0"
            )
        }
    }

    private static var migrations: DatabaseMigrator {
        var migrations = DatabaseMigrator()
        migrations.registerMigration("quotas") { database in
            try database.execute(
                sql: """
                    CREATE TABLE quota_window (
                        quota TEXT NOT NULL, subject TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
                        taken INTEGER NOT NULL, outstanding INTEGER NOT NULL, lost INTEGER NOT NULL,
                        PRIMARY KEY (subject, quota, start)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE quota_day (
                        quota TEXT NOT NULL, subject TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
                        calls INTEGER NOT NULL,
                        PRIMARY KEY (subject, quota, start)
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        return migrations
    }

    // MARK: QuotaLedger

    /// Takes calls out of quotas, all in one transaction.
    public func lease(_ requests: [QuotaLeaseRequest]) async throws -> [QuotaLease] {
        try await database.write { database in
            try requests.map { try $0.lease(in: database) }
        }
    }

    /// Books calls and puts others back, all in one transaction.
    public func settle(_ settlements: [QuotaSettlement]) async throws {
        try await database.write { database in
            for settlement in settlements { try settlement.settle(in: database) }
        }
    }

    // MARK: Operators

    /// What a customer used of a quota in the window that starts at `start`; `nil` when it was never called in it.
    public func usage(_ key: QuotaKey, windowAt start: Int64) async throws -> QuotaUsage? {
        try await database.read { database in
            let row = try Row.fetchOne(
                database,
                sql: "SELECT taken, outstanding, lost FROM quota_window WHERE subject = ? AND quota = ? AND start = ?",
                arguments: [key.subject, key.quota, start]
            )
            return row.map { QuotaUsage(taken: $0[0], outstanding: $0[1], lost: $0[2]) }
        }
    }

    /// What a customer used of a quota in a window, once for each route where that counts by route.
    public func accounts(of customer: String, quota: String, in window: QuotaWindow) async throws -> [QuotaAccount] {
        try await database.read { database in
            // After the customer's id comes a blank and the route, or nothing; "!" comes next after the blank.
            try Row.fetchAll(
                database,
                sql: """
                    SELECT subject, taken, outstanding, lost FROM quota_window
                    WHERE (subject = :customer OR subject >= :customer || ' ' AND subject < :customer || '!')
                        AND quota = :quota AND start = :start
                    ORDER BY subject
                    """,
                arguments: ["customer": customer, "quota": quota, "start": window.start]
            ).map { row in
                let usage = QuotaUsage(taken: row[1], outstanding: row[2], lost: row[3])
                return QuotaAccount(key: QuotaKey(quota: quota, subject: row[0]), usage: usage)
            }
        }
    }

    /// Calls by day, oldest first, of the days that start in `range` (seconds since 1970).
    public func history(_ key: QuotaKey, daysIn range: Range<Int64>) async throws -> [QuotaDay] {
        try await database.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT start, end, calls FROM quota_day
                    WHERE subject = ? AND quota = ? AND start >= ? AND start < ? ORDER BY start
                    """,
                arguments: [key.subject, key.quota, range.lowerBound, range.upperBound]
            ).map { QuotaDay(day: QuotaWindow(start: $0[0], end: $0[1]), calls: $0[2]) }
        }
    }

    /// Gives a customer further calls in a window, or with a negative number takes some away.
    public func adjust(_ key: QuotaKey, window: QuotaWindow, by calls: Int) async throws {
        try await database.write { try key.take(-calls, outstanding: 0, in: window, $0) }
    }

    /// Says how many calls were used in a window; those that nodes hold in reserve come on top.
    public func set(_ key: QuotaKey, window: QuotaWindow, used: Int) async throws {
        try await database.write { database in
            try key.take(0, outstanding: 0, in: window, database)
            try database.execute(
                sql: """
                    UPDATE quota_window SET taken = outstanding + ?, lost = 0 WHERE subject = ? AND quota = ? AND start = ?
                    """,
                arguments: [used, key.subject, key.quota, window.start]
            )
        }
    }

    /// Starts a window anew: all its calls are there again, but for those that nodes hold in reserve.
    public func reset(_ key: QuotaKey, window: QuotaWindow) async throws {
        try await database.write { database in
            try database.execute(
                sql: """
                    UPDATE quota_window SET taken = outstanding, lost = 0 WHERE subject = ? AND quota = ? AND start = ?
                    """,
                arguments: [key.subject, key.quota, window.start]
            )
        }
    }

    /// Forgets windows and days that ended before a second, at most `most` of each.
    /// - Returns: how many rows went.
    @discardableResult
    public func forget(before second: Int64, most: Int = 10_000) async throws -> Int {
        try await database.write { database in
            try ["quota_window", "quota_day"].reduce(0) { count, table in
                try database.execute(
                    sql: """
                        DELETE FROM \(table) WHERE (subject, quota, start) IN
                        (SELECT subject, quota, start FROM \(table) WHERE end < ? LIMIT ?)
                        """,
                    arguments: [second, most]
                )
                return count + database.changesCount
            }
        }
    }

    /// The settings that the promises rest on, as SQLite has them.
    func durability() async throws -> (journal: String?, synchronous: Int?) {
        try await database.write { database in
            (
                try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                try Int.fetchOne(database, sql: "PRAGMA synchronous")
            )
        }
    }
}

extension QuotaLeaseRequest {
    fileprivate func lease(in database: Database) throws -> QuotaLease {
        let taken =
            try Int.fetchOne(
                database.cachedStatement(
                    sql: "SELECT taken FROM quota_window WHERE subject = ? AND quota = ? AND start = ?"
                ),
                arguments: [key.subject, key.quota, window.start]
            ) ?? 0
        let free = max(0, limit - taken)
        let granted = min(max(wanted, 0), free)
        if granted > 0 { try key.take(granted, outstanding: granted, in: window, database) }
        return QuotaLease(granted: granted, left: free - granted)
    }
}

extension QuotaSettlement {
    fileprivate func settle(in database: Database) throws {
        // More than is outstanding was held lost, by a process that opened the file meanwhile.
        try database.cachedStatement(
            sql: """
                UPDATE quota_window SET taken = taken - :returned,
                    lost = max(0, lost - max(0, :known - outstanding)), outstanding = max(0, outstanding - :known)
                WHERE subject = :subject AND quota = :quota AND start = :start
                """
        ).execute(arguments: [
            "returned": returned, "known": spent + returned, "subject": key.subject, "quota": key.quota,
            "start": window.start,
        ])
        guard spent > 0 else { return }
        try database.cachedStatement(
            sql: """
                INSERT INTO quota_day (subject, quota, start, end, calls) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET calls = calls + excluded.calls
                """
        ).execute(arguments: [key.subject, key.quota, day.start, day.end, spent])
    }
}

extension QuotaKey {
    fileprivate func take(_ calls: Int, outstanding: Int, in window: QuotaWindow, _ database: Database) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO quota_window (subject, quota, start, end, taken, outstanding, lost)
                VALUES (?, ?, ?, ?, ?, ?, 0)
                ON CONFLICT DO UPDATE SET taken = taken + excluded.taken, outstanding = outstanding + excluded.outstanding
                """
        ).execute(arguments: [subject, quota, window.start, window.end, calls, outstanding])
    }
}
