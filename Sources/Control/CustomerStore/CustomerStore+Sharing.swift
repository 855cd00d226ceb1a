internal import Credentials
internal import Crypto
internal import GRDB
internal import SQLiteFile
internal import Synchronization

/// The store as one of several that have the same customers.
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
    }

    /// From now on changes are agreed upon before they are kept.
    public func share(through agreement: any CustomerAgreement) {
        self.agreement.withLock { $0 = agreement }
    }

    /// Changes a customer: here, or where all agree.
    func commit<Value: Sendable>(
        _ customer: String,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        guard let agreement = agreement.withLock({ $0 }) else { return try await database.write(body) }
        for _ in 0..<Self.mostTries {
            try await agreement.prepare()
            let rehearsed = try await rehearse(customer, body)
            guard try await agreement.propose(rehearsed.customer, upon: rehearsed.state) else { continue }
            try await take([rehearsed.customer], of: rehearsed.state.dataset ?? "")
            return rehearsed.value
        }
        throw CustomersNotShared("other gateways change customers all the time: try again")
    }

    private struct Rehearsed<Value: Sendable>: Error {
        var value: Value
        var customer: SharedCustomer
        var state: SharedState
    }

    /// Finds out what a change would make of a customer, and changes nothing.
    private func rehearse<Value: Sendable>(
        _ customer: String,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Rehearsed<Value> {
        do {
            return try await database.write { database in
                let state = try Self.sharedState(database)
                let value = try body(database)
                let revision = SharedRevision(number: state.revision.number + 1, mark: Self.newName())
                guard let after = try Self.shared(customer, revision, database) else {
                    throw CustomerStoreFault.unknownCustomer(customer)
                }
                // Thrown, so that it is rolled back.
                throw Rehearsed(value: value, customer: after, state: state)
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
        state.hasCustomers =
            try Int.fetchOne(database, sql: "SELECT 1 FROM customer WHERE is_removed = 0 LIMIT 1") != nil
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

    /// Makes a set of what is there, so that others can have it.
    public func makeSet() async throws {
        let mark = Self.newName()
        let dataset = Self.newName()
        try await database.write { database in
            try Self.leaveSet(database)
            try database.execute(
                sql: """
                    INSERT INTO shared_customer SELECT id, change, ? FROM customer;
                    INSERT INTO shared_set SELECT 1, ?, coalesce(max(change), 0), ? FROM customer;
                    INSERT INTO shared_mark SELECT revision, mark FROM shared_set;
                    """,
                arguments: [mark, dataset, mark]
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
            sql: "DELETE FROM shared_set; DELETE FROM shared_customer; DELETE FROM shared_mark"
        )
    }

    /// The customers of the set in the order of their ids, those after one, also those that are gone.
    public func sharedCustomers(after id: String, limit: Int) async throws -> [SharedCustomer] {
        try await database.read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT customer, revision, mark FROM shared_customer WHERE customer > ? ORDER BY customer LIMIT ?
                    """,
                arguments: [id, limit]
            )
            return try rows.compactMap { row in
                try Self.shared(row[0], SharedRevision(number: row[1], mark: row[2]), database)
            }
        }
    }
}
