public import Credentials
internal import Crypto
internal import GRDB
internal import SQLiteFile
internal import Synchronization

/// The customers and plans that operators manage while gateways run: an SQLite file, which the processes of one machine may share.
///
/// It has no secret in it that could be read: API keys are kept as keyed hashes, passwords as scrypt hashes, and the secrets of signing
/// keys encrypted. Every change gets the next number, so that
/// who has read all up to one number reads only what came after it.
public final class CustomerStore: Sendable {
    /// Makes the hashes that API keys are kept and found by.
    public let fingerprinter: KeyFingerprinter
    let database: SQLiteFile
    let now: @Sendable () -> Int64
    /// Where changes are agreed upon with other stores; `nil` when there are none.
    let agreement = Mutex<(any CustomerAgreement)?>(nil)

    /// The most API keys of a customer.
    public static let mostKeys = 100
    /// The most users of a customer.
    public static let mostUsers = 1_000

    /// Opens the file, or makes it.
    /// - Parameters:
    ///   - path: the file.
    ///   - fingerprinter: has to be the same each time, or no key is known any longer.
    ///   - now: tells the time, in seconds since 1970.
    /// - Throws: what SQLite says when the file can't be used.
    public init(path: String, fingerprinter: KeyFingerprinter, now: @escaping @Sendable () -> Int64) throws {
        self.fingerprinter = fingerprinter
        self.now = now
        database = try SQLiteFile(path: path, label: "daemun.customers", migrations: Self.migrations)
    }

    private static var migrations: DatabaseMigrator {
        var migrations = DatabaseMigrator()
        migrations.registerMigration("customers") { database in
            try database.execute(
                sql: """
                    CREATE TABLE customer (
                        id TEXT PRIMARY KEY NOT NULL, settings TEXT NOT NULL, is_removed INTEGER NOT NULL,
                        created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, change INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX customer_change ON customer (change);
                    CREATE TABLE api_key (
                        customer TEXT NOT NULL REFERENCES customer (id), id TEXT NOT NULL, fingerprint TEXT NOT NULL UNIQUE,
                        created_at INTEGER NOT NULL, PRIMARY KEY (customer, id)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE password (
                        customer TEXT NOT NULL REFERENCES customer (id), user TEXT NOT NULL UNIQUE, hash TEXT NOT NULL,
                        PRIMARY KEY (customer, user)
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        migrations.registerMigration("sandboxes") { database in
            try database.execute(sql: "ALTER TABLE api_key ADD COLUMN is_sandbox INTEGER NOT NULL DEFAULT 0")
            try database.execute(sql: "ALTER TABLE password ADD COLUMN is_sandbox INTEGER NOT NULL DEFAULT 0")
        }
        migrations.registerMigration("signing keys") { database in
            try database.execute(
                sql: """
                    CREATE TABLE signing_key (
                        customer TEXT NOT NULL REFERENCES customer (id), id TEXT NOT NULL UNIQUE, sealed TEXT, public_key TEXT,
                        algorithm TEXT, created_at INTEGER NOT NULL, PRIMARY KEY (customer, id),
                        CHECK ((sealed IS NULL) <> (public_key IS NULL))
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        migrations.registerMigration("plans") { try Self.makePlanTables($0) }
        registerSharing(in: &migrations)
        return migrations
    }

    // MARK: What is there

    /// One customer; `nil` when there is none with this id.
    public func customer(_ id: String) async throws -> CustomerRecord? {
        try await database.read { try Self.records($0, where: "id = ?", [id], limit: 1).first }
    }

    /// Customers in the order of their ids, those after one, at most `limit`.
    public func customers(after id: String = "", limit: Int = 100) async throws -> [CustomerRecord] {
        try await database.read { try Self.records($0, where: "id > ?", [id], limit: limit) }
    }

    private static func records(
        _ database: Database,
        where condition: String,
        _ arguments: StatementArguments,
        limit: Int
    ) throws -> [CustomerRecord] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT id, settings, created_at, changed_at FROM customer
                WHERE \(condition) AND is_removed = 0 ORDER BY id LIMIT ?
                """,
            arguments: arguments + [limit]
        )
        return try rows.map { row in
            let id: String = row[0]
            let keys = try Row.fetchAll(
                database,
                sql: "SELECT id, is_sandbox, created_at FROM api_key WHERE customer = ? ORDER BY created_at, id",
                arguments: [id]
            )
            return CustomerRecord(
                id: id,
                settings: row[1],
                keys: keys.map { CustomerRecord.Key(id: $0[0], isSandbox: $0[1], createdAt: $0[2]) },
                users: try Self.users(of: id, isSandbox: false, database),
                sandboxUsers: try Self.users(of: id, isSandbox: true, database),
                signingKeys: try Self.signingKeys(of: id, database),
                createdAt: row[2],
                changedAt: row[3]
            )
        }
    }

    private static func users(of customer: String, isSandbox: Bool, _ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: "SELECT user FROM password WHERE customer = ? AND is_sandbox = ? ORDER BY user",
            arguments: [customer, isSandbox]
        )
    }

    /// What has changed after a change, with all that gateways check calls by, and so without what people call the customers.
    /// - Parameters:
    ///   - plans: the change of plans that is known; below 0 when none is.
    ///   - limit: the most customers that are told at once, so that memory has a bound; who asks goes on after the last.
    public func changes(
        after last: Int64,
        plansSince plans: Int64 = -1,
        limit: Int = 5_000
    ) async throws -> CustomerChanges {
        try await database.read { database in
            var changes = CustomerChanges()
            changes.last = last
            changes.plans = try Self.plans(changedSince: plans, database)
            var places: [String: Int] = [:]
            let rows = try Row.fetchCursor(
                database,
                // Without their names many customers have the same settings, which are read once then.
                sql: """
                    SELECT id, iif(json_valid(settings), json_remove(settings, '$.name'), settings), is_removed, change
                    FROM customer WHERE change > ? ORDER BY change LIMIT ?
                    """,
                arguments: [last, limit]
            )
            while let row = try rows.next() {
                let id: String = row[0]
                changes.last = row[3]
                if row[2] as Int64 == 1 {
                    changes.removed.append(id)
                } else {
                    places[id] = changes.put.count
                    changes.put.append(StoredCustomer(id: id, settings: row[1]))
                }
            }
            try Self.readCredentials(of: &changes, places, after: last, database)
            return changes
        }
    }

    private static func readCredentials(
        of changes: inout CustomerChanges,
        _ places: [String: Int],
        after last: Int64,
        _ database: Database
    ) throws {
        func rows(_ table: String, _ columns: String) throws -> RowCursor {
            // In this order of the tables, whatever SQLite thinks of their sizes.
            try Row.fetchCursor(
                database,
                sql: """
                    SELECT customer.id, \(columns) FROM customer CROSS JOIN \(table) ON \(table).customer = customer.id
                    WHERE change > ? AND change <= ?
                    """,
                arguments: [last, changes.last]
            )
        }
        let keys = try rows("api_key", "api_key.id, fingerprint, is_sandbox")
        while let row = try keys.next() {
            guard let place = places[row[0]] else { continue }
            changes.put[place].keys.append((id: row[1], fingerprint: row[2], isSandbox: row[3]))
        }
        let passwords = try rows("password", "user, hash, is_sandbox")
        while let row = try passwords.next() {
            guard let place = places[row[0]] else { continue }
            changes.put[place].passwords.append((user: row[1], hash: row[2], isSandbox: row[3]))
        }
        let signingKeys = try rows("signing_key", "signing_key.id, sealed, public_key, algorithm")
        while let row = try signingKeys.next() {
            guard let place = places[row[0]] else { continue }
            changes.put[place].signingKeys.append(Self.storedSigningKey(row))
        }
    }

    // MARK: Changes

    /// Takes a customer in, or gives one other settings.
    /// - Parameter plans: plans of this store that the settings name.
    /// - Returns: whether it is new.
    /// - Throws: `PlanStoreFault.unknownPlan` when one of them is not there.
    @discardableResult
    public func put(_ id: String, settings: String, naming plans: [String] = []) async throws -> Bool {
        let now = now()
        return try await commit(.customer(id)) { database in
            for plan in plans where try !Self.existsPlan(plan, database) { throw PlanStoreFault.unknownPlan(plan) }
            let isKnown = try Self.exists(id, database)
            try database.execute(
                sql: """
                    INSERT INTO customer VALUES (:id, :settings, 0, :now, :now, \(Self.nextChange))
                    ON CONFLICT (id) DO UPDATE SET settings = :settings, changed_at = :now, change = \(Self.nextChange),
                    created_at = iif(is_removed, :now, created_at), is_removed = 0
                    """,
                arguments: ["id": id, "settings": settings, "now": now]
            )
            return !isKnown
        }
    }

    /// Lets go of a customer and all its credentials.
    public func remove(_ id: String) async throws {
        try await change(id) { database in
            try database.execute(sql: "DELETE FROM api_key WHERE customer = ?", arguments: [id])
            try database.execute(sql: "DELETE FROM password WHERE customer = ?", arguments: [id])
            try database.execute(sql: "DELETE FROM signing_key WHERE customer = ?", arguments: [id])
            try database.execute(
                sql: "UPDATE customer SET is_removed = 1, settings = '{}' WHERE id = ?",
                arguments: [id]
            )
        }
    }

    /// Makes an API key.
    /// - Parameter isSandbox: whether it is for sandboxes, and nothing else; its prefix tells.
    /// - Returns: the key, which nobody can find out again.
    public func makeKey(_ id: String, of customer: String, isSandbox: Bool = false) async throws -> String {
        guard let key = GeneratedSecret.apiKey(prefix: isSandbox ? "dk_sandbox" : "dk") else {
            preconditionFailure("a prefix of our own")
        }
        let digest = Array(SHA256.hash(data: Array(key.utf8)))
        let fingerprint = fingerprinter.fingerprint(of: digest.span).description
        let now = now()
        try await change(customer) { database in
            let known = try String.fetchAll(
                database,
                sql: "SELECT id FROM api_key WHERE customer = ?",
                arguments: [customer]
            )
            if known.contains(id) { throw CustomerStoreFault.keyExists(id) }
            guard known.count < Self.mostKeys else { throw CustomerStoreFault.tooManyKeys }
            try database.execute(
                sql: "INSERT INTO api_key VALUES (?, ?, ?, ?, ?)",
                arguments: [customer, id, fingerprint, now, isSandbox]
            )
        }
        return key
    }

    /// Withdraws an API key.
    public func removeKey(_ id: String, of customer: String) async throws {
        try await change(customer) { database in
            try database.execute(
                sql: "DELETE FROM api_key WHERE customer = ? AND id = ?",
                arguments: [customer, id]
            )
            guard database.changesCount > 0 else { throw CustomerStoreFault.unknownKey(id) }
        }
    }

    /// Gives a user a password in place of the one that it has.
    /// - Parameter isSandbox: whether it is for sandboxes, and nothing else.
    public func setPassword(
        _ hash: PasswordHash,
        of user: String,
        customer: String,
        isSandbox: Bool = false
    ) async throws {
        try await change(customer) { database in
            let owner = try String.fetchOne(
                database,
                sql: "SELECT customer FROM password WHERE user = ?",
                arguments: [user]
            )
            if let owner, owner != customer { throw CustomerStoreFault.userExists(user) }
            let count = try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM password WHERE customer = ?",
                arguments: [customer]
            )
            if owner == nil, let count, count >= Self.mostUsers { throw CustomerStoreFault.tooManyUsers }
            try database.execute(
                sql: """
                    INSERT INTO password VALUES (?, ?, ?, ?)
                    ON CONFLICT (customer, user) DO UPDATE SET hash = excluded.hash, is_sandbox = excluded.is_sandbox
                    """,
                arguments: [customer, user, hash.description, isSandbox]
            )
        }
    }

    /// Withdraws a user's password.
    public func removePassword(of user: String, customer: String) async throws {
        try await change(customer) { database in
            try database.execute(
                sql: "DELETE FROM password WHERE customer = ? AND user = ?",
                arguments: [customer, user]
            )
            guard database.changesCount > 0 else { throw CustomerStoreFault.unknownUser(user) }
        }
    }

    func change(_ id: String, _ body: @escaping @Sendable (Database) throws -> Void) async throws {
        let now = now()
        try await commit(.customer(id)) { database in
            guard try Self.exists(id, database) else { throw CustomerStoreFault.unknownCustomer(id) }
            try body(database)
            try database.execute(
                sql: "UPDATE customer SET changed_at = ?, change = \(Self.nextChange) WHERE id = ?",
                arguments: [now, id]
            )
        }
    }

    static let nextChange = "(SELECT coalesce(max(change), 0) + 1 FROM customer)"

    private static func exists(_ id: String, _ database: Database) throws -> Bool {
        try Int.fetchOne(
            database,
            sql: "SELECT 1 FROM customer WHERE id = ? AND is_removed = 0",
            arguments: [id]
        ) != nil
    }
}
