internal import Credentials
internal import Crypto
internal import GRDB
internal import SQLiteFile
internal import Synchronization

/// The store as one of several that have the same customers and plans.
extension CustomerStore {
    /// Of so many changes a store knows the marks.
    public static let keptMarks: Int64 = 10_000
    private static let mostTries = 16

    static func registerSharing(in migrations: inout DatabaseMigrator) {
        migrations.registerMigration("sharing") { database in
            try database.execute(
                sql: """
                    CREATE TABLE shared_set (
                        place INTEGER PRIMARY KEY CHECK (place = 1), dataset TEXT NOT NULL, revision INTEGER NOT NULL,
                        mark TEXT NOT NULL
                    ) STRICT;
                    CREATE TABLE shared_customer (
                        customer TEXT PRIMARY KEY NOT NULL, revision INTEGER NOT NULL, mark TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE shared_mark (revision INTEGER PRIMARY KEY, mark TEXT NOT NULL) STRICT;
                    """
            )
        }
        migrations.registerMigration("shared plans") { database in
            try database.execute(
                sql: """
                    ALTER TABLE shared_customer RENAME TO shared_record;
                    ALTER TABLE shared_record RENAME COLUMN customer TO key;
                    """
            )
        }
    }

    /// From now on changes are agreed upon before they are kept.
    public func share(through agreement: any CustomerAgreement) {
        self.agreement.withLock { $0 = agreement }
    }

    /// Changes a customer or a plan: here, or where all agree.
    func commit<Value: Sendable>(
        _ subject: SharedRecord.Subject,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        guard let agreement = agreement.withLock({ $0 }) else { return try await database.write(body) }
        for _ in 0..<Self.mostTries {
            try await agreement.prepare()
            let rehearsed = try await rehearse(subject, body)
            guard try await agreement.propose(rehearsed.record, upon: rehearsed.state) else { continue }
            try await take([rehearsed.record], of: rehearsed.state.dataset ?? "")
            return rehearsed.value
        }
        throw CustomersNotShared("other gateways make changes all the time: try again")
    }

    private struct Rehearsed<Value: Sendable>: Error {
        var value: Value
        var record: SharedRecord
        var state: SharedState
    }

    /// Finds out what a change would make of a customer or plan, and changes nothing.
    private func rehearse<Value: Sendable>(
        _ subject: SharedRecord.Subject,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Rehearsed<Value> {
        do {
            return try await database.write { database in
                let state = try Self.sharedState(database)
                let value = try body(database)
                let revision = SharedRevision(number: state.revision.number + 1, mark: Self.newName())
                guard let after = try Self.shared(subject, revision, database) else {
                    throw CustomerStoreFault.unknownCustomer(subject.key)
                }
                // Thrown, so that it is rolled back.
                throw Rehearsed(value: value, record: after, state: state)
            }
        } catch let rehearsed as Rehearsed<Value> {
            return rehearsed
        }
    }

    /// A name that nobody else draws.
    static func newName() -> String {
        (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
    }

    // MARK: The set

    /// What tells stores with the same hashing key from others; the key can't be found out from it.
    public var keyName: String {
        let digest = Array(SHA256.hash(data: Array("daemun customers.key".utf8)))
        return fingerprinter.fingerprint(of: digest.span).description
    }

    /// Which set this store has, and how far.
    public func sharedState() async throws -> SharedState { try await database.read { try Self.sharedState($0) } }

    private static func sharedState(_ database: Database) throws -> SharedState {
        var state = SharedState()
        if let row = try Row.fetchOne(database, sql: "SELECT dataset, revision, mark FROM shared_set") {
            state.dataset = row[0]
            state.revision = SharedRevision(number: row[1], mark: row[2])
        }
        state.hasRecords =
            try Int.fetchOne(
                database,
                sql: "SELECT 1 FROM customer WHERE is_removed = 0 UNION ALL SELECT 1 FROM plan LIMIT 1"
            ) != nil
        return state
    }

    /// The mark of a change, when this store knows it.
    public func sharedMark(of revision: Int64) async throws -> String? {
        try await database.read { database in
            try String.fetchOne(
                database,
                sql: "SELECT mark FROM shared_mark WHERE revision = ?",
                arguments: [revision]
            )
        }
    }

    /// Makes a set of what is there, so that others can have it: the plans first, since customers name them.
    public func makeSet() async throws {
        let mark = Self.newName()
        let dataset = Self.newName()
        try await database.write { database in
            try Self.leaveSet(database)
            try database.execute(
                sql: """
                    INSERT INTO shared_record
                    SELECT '\(SharedRecord.Subject.planPrefix)' || name, row_number() OVER (ORDER BY name), ? FROM plan;
                    INSERT INTO shared_record SELECT id, change + (SELECT count(*) FROM plan), ? FROM customer;
                    INSERT INTO shared_set SELECT 1, ?, coalesce(max(revision), 0), ? FROM shared_record;
                    INSERT INTO shared_mark SELECT revision, mark FROM shared_set;
                    """,
                arguments: [mark, mark, dataset, mark]
            )
        }
    }

    /// Has a set of which nothing is told but how far it is.
    public func join(_ dataset: String, at revision: SharedRevision) async throws {
        try await database.write { database in
            try Self.leaveSet(database)
            let arguments: StatementArguments = [dataset, revision.number, revision.mark]
            try database.execute(sql: "INSERT INTO shared_set VALUES (1, ?, ?, ?)", arguments: arguments)
            try database.execute(
                sql: "INSERT INTO shared_mark VALUES (?, ?)",
                arguments: [revision.number, revision.mark]
            )
        }
    }

    /// Has no set any longer: what is there stays, and is this store's own.
    public func leaveSet() async throws { try await database.write { try Self.leaveSet($0) } }

    private static func leaveSet(_ database: Database) throws {
        try database.execute(
            sql: "DELETE FROM shared_set; DELETE FROM shared_record; DELETE FROM shared_mark"
        )
    }

    /// The customers and plans of the set in the order of their keys, those after one, also those that are gone.
    public func sharedRecords(after key: String, limit: Int) async throws -> [SharedRecord] {
        try await database.read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT key, revision, mark FROM shared_record WHERE key > ? ORDER BY key LIMIT ?",
                arguments: [key, limit]
            )
            return try rows.compactMap { row in
                let revision = SharedRevision(number: row[1], mark: row[2])
                return try Self.shared(SharedRecord.Subject(key: row[0]), revision, database)
            }
        }
    }

    /// Which changes made customers and plans of the set what they are here.
    /// - Parameter keys: at most some hundreds; those that are not there are left out.
    public func sharedRevisions(of keys: [String]) async throws -> [String: SharedRevision] {
        try await database.read { database in
            let places = Array(repeating: "?", count: keys.count).joined(separator: ", ")
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT key, revision, mark FROM shared_record WHERE key IN (\(places))",
                arguments: StatementArguments(keys)
            )
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], SharedRevision(number: $0[1], mark: $0[2])) })
        }
    }

    /// How many customers and plans of the set are here, also those that are gone.
    public func sharedCount() async throws -> Int {
        try await database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM shared_record") ?? 0 }
    }
}
