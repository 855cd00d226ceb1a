internal import GRDB
internal import SQLiteFile

/// Customers and plans that are read for other stores, and taken over from them.
extension CustomerStore {
    /// What is there of a customer or plan; `nil` when there is nothing to tell, not even that it is gone.
    static func shared(
        _ subject: SharedRecord.Subject,
        _ revision: SharedRevision,
        _ database: Database
    ) throws -> SharedRecord? {
        switch subject {
        case .customer(let id): try sharedCustomer(id, revision, database).map(SharedRecord.customer)
        case .plan(let name): .plan(try sharedPlan(name, revision, database))
        }
    }

    private static func sharedCustomer(
        _ id: String,
        _ revision: SharedRevision,
        _ database: Database
    ) throws -> SharedCustomer? {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT is_removed, settings, created_at, changed_at FROM customer WHERE id = ?",
            arguments: [id]
        )
        guard let row else { return nil }
        var customer = SharedCustomer(
            id: id,
            revision: revision,
            isRemoved: row[0],
            settings: row[1],
            createdAt: row[2],
            changedAt: row[3]
        )
        func rows(_ sql: String) throws -> [Row] { try Row.fetchAll(database, sql: sql, arguments: [id]) }
        customer.keys = try rows(
            "SELECT id, fingerprint, is_sandbox, created_at FROM api_key WHERE customer = ? ORDER BY id"
        ).map { SharedCustomer.Key(id: $0[0], fingerprint: $0[1], isSandbox: $0[2], createdAt: $0[3]) }
        customer.passwords = try rows("SELECT user, hash, is_sandbox FROM password WHERE customer = ? ORDER BY user")
            .map { SharedCustomer.Password(user: $0[0], hash: $0[1], isSandbox: $0[2]) }
        customer.signingKeys = try rows(
            "SELECT id, sealed, public_key, algorithm, created_at FROM signing_key WHERE customer = ? ORDER BY id"
        ).map {
            SharedCustomer.SigningKey(
                id: $0[0],
                sealed: $0[1],
                publicKey: $0[2],
                algorithm: $0[3],
                createdAt: $0[4]
            )
        }
        return customer
    }

    /// Takes over customers and plans of a set, those that are newer than what is here.
    /// - Parameter records: in the order of their revisions.
    public func take(_ records: [SharedRecord], of dataset: String) async throws {
        try await database.write { database in
            let last = try Int64.fetchOne(database, sql: "SELECT revision FROM shared_set") ?? 0
            for record in records where record.revision.number > last {
                switch record {
                case .customer(let customer): try Self.take(customer, database)
                case .plan(let plan): try Self.take(plan, database)
                }
                try Self.note(record, of: dataset, database)
            }
        }
    }

    private static func take(_ customer: SharedCustomer, _ database: Database) throws {
        try freeCredentials(for: customer, database)
        try database.execute(
            sql: """
                INSERT INTO customer (id, settings, is_removed, created_at, changed_at, change)
                VALUES (:id, :settings, :removed, :created, :changed, \(nextChange))
                ON CONFLICT (id) DO UPDATE SET settings = :settings, is_removed = :removed, created_at = :created,
                changed_at = :changed, change = \(nextChange)
                """,
            arguments: [
                "id": customer.id, "settings": customer.settings, "removed": customer.isRemoved,
                "created": customer.createdAt, "changed": customer.changedAt,
            ]
        )
        for key in customer.keys {
            try database.execute(
                sql: "INSERT INTO api_key (customer, id, fingerprint, created_at, is_sandbox) VALUES (?, ?, ?, ?, ?)",
                arguments: [customer.id, key.id, key.fingerprint, key.createdAt, key.isSandbox]
            )
        }
        for password in customer.passwords {
            try database.execute(
                sql: "INSERT INTO password (customer, user, hash, is_sandbox) VALUES (?, ?, ?, ?)",
                arguments: [customer.id, password.user, password.hash, password.isSandbox]
            )
        }
        for key in customer.signingKeys {
            try database.execute(
                sql: """
                    INSERT INTO signing_key (customer, id, sealed, public_key, algorithm, created_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [customer.id, key.id, key.sealed, key.publicKey, key.algorithm, key.createdAt]
            )
        }
    }

    /// Takes away what the customer had, and what it has now of others: their own later change, which may not have come yet, has
    /// taken it from them.
    private static func freeCredentials(for customer: SharedCustomer, _ database: Database) throws {
        func free(_ table: String, _ column: String, _ values: [String]) throws {
            for value in values {
                let owner = try String.fetchOne(
                    database,
                    sql: "SELECT customer FROM \(table) WHERE \(column) = ?",
                    arguments: [value]
                )
                guard let owner, owner != customer.id else { continue }
                try database.execute(sql: "DELETE FROM \(table) WHERE \(column) = ?", arguments: [value])
                // Before the new owner's change, so that workers see it go before it comes.
                try database.execute(sql: "UPDATE customer SET change = \(nextChange) WHERE id = ?", arguments: [owner])
            }
            try database.execute(sql: "DELETE FROM \(table) WHERE customer = ?", arguments: [customer.id])
        }
        try free("api_key", "fingerprint", customer.keys.map(\.fingerprint))
        try free("password", "user", customer.passwords.map(\.user))
        try free("signing_key", "id", customer.signingKeys.map(\.id))
    }

    private static func note(_ record: SharedRecord, of dataset: String, _ database: Database) throws {
        let revision = record.revision
        try database.execute(
            sql: "INSERT OR REPLACE INTO shared_record VALUES (?, ?, ?)",
            arguments: [record.subject.key, revision.number, revision.mark]
        )
        try database.execute(
            sql: "INSERT OR REPLACE INTO shared_set VALUES (1, ?, ?, ?)",
            arguments: [dataset, revision.number, revision.mark]
        )
        try database.execute(
            sql: "INSERT OR REPLACE INTO shared_mark VALUES (?, ?)",
            arguments: [revision.number, revision.mark]
        )
        try database.execute(
            sql: "DELETE FROM shared_mark WHERE revision <= ?",
            arguments: [revision.number - keptMarks]
        )
    }
}
