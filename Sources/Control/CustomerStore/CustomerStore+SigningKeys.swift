internal import GRDB
internal import SQLiteFile

/// The keys that customers sign requests with.
extension CustomerStore {
    /// The most signing keys of a customer.
    public static let mostSigningKeys = 100

    static func signingKeys(of customer: String, _ database: Database) throws -> [CustomerRecord.SigningKey] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT id, sealed IS NOT NULL, algorithm, created_at FROM signing_key
                WHERE customer = ? ORDER BY created_at, id
                """,
            arguments: [customer]
        )
        return rows.map { row in
            CustomerRecord.SigningKey(id: row[0], isSecret: row[1], algorithm: row[2], createdAt: row[3])
        }
    }

    /// - Parameter row: the customer, then the key's id, its sealed secret, its public key and its algorithm.
    static func storedSigningKey(_ row: Row) -> StoredSigningKey {
        let sealed: String? = row[2]
        return StoredSigningKey(id: row[1], form: sealed.map { .sealed($0) } ?? .publicKey(row[3]), algorithm: row[4])
    }

    /// Takes a signing key in.
    public func addSigningKey(_ key: StoredSigningKey, of customer: String) async throws {
        let now = now()
        var sealed: String?
        var publicKey: String?
        switch key.form {
        case .sealed(let text): sealed = text
        case .publicKey(let text): publicKey = text
        }
        try await change(customer) { [sealed, publicKey] database in
            // Signatures say in "keyid" whose they are, so that no two customers can have the same.
            let owner = try String.fetchOne(
                database,
                sql: "SELECT customer FROM signing_key WHERE id = ?",
                arguments: [key.id]
            )
            if owner != nil { throw CustomerStoreFault.signingKeyExists(key.id) }
            let count = try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM signing_key WHERE customer = ?",
                arguments: [customer]
            )
            guard let count, count < Self.mostSigningKeys else { throw CustomerStoreFault.tooManyKeys }
            try database.execute(
                sql: "INSERT INTO signing_key VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [customer, key.id, sealed, publicKey, key.algorithm, now]
            )
        }
    }

    /// Withdraws a signing key.
    public func removeSigningKey(_ id: String, of customer: String) async throws {
        try await change(customer) { database in
            try database.execute(
                sql: "DELETE FROM signing_key WHERE customer = ? AND id = ?",
                arguments: [customer, id]
            )
            guard database.changesCount > 0 else { throw CustomerStoreFault.unknownSigningKey(id) }
        }
    }

    /// Puts others in the place of sealed secrets, as when the key that seals has changed. Their customers count as changed, since
    /// another process may not have been able to open the former ones.
    /// - Parameter replacement: the text to keep instead; `nil` keeps the one that is there.
    /// - Returns: how many were replaced.
    @discardableResult
    public func reseal(
        _ replacement: @escaping @Sendable (_ customer: String, _ key: String, _ sealed: String) throws -> String?
    ) async throws -> Int {
        let replaced = try await database.read { database in
            try Self.sealed(database).filter { try replacement($0.customer, $0.id, $0.text) != nil }.map(\.customer)
        }
        var count = 0
        // Each customer for itself, since stores of other machines may have to agree.
        for customer in Set(replaced).sorted() {
            count += try await commit(.customer(customer)) { database in
                var count = 0
                for secret in try Self.sealed(database, of: customer) {
                    guard let text = try replacement(customer, secret.id, secret.text) else { continue }
                    try database.execute(
                        sql: "UPDATE signing_key SET sealed = ? WHERE customer = ? AND id = ?",
                        arguments: [text, customer, secret.id]
                    )
                    count += 1
                }
                try database.execute(
                    sql: "UPDATE customer SET change = \(Self.nextChange) WHERE id = ?",
                    arguments: [customer]
                )
                return count
            }
        }
        return count
    }

    private static func sealed(
        _ database: Database,
        of customer: String? = nil
    ) throws -> [(customer: String, id: String, text: String)] {
        let condition = customer == nil ? "" : "AND customer = ?"
        return try Row.fetchAll(
            database,
            sql: """
                SELECT customer, id, sealed FROM signing_key WHERE sealed IS NOT NULL \(condition) ORDER BY customer, id
                """,
            arguments: StatementArguments(customer.map { [$0] } ?? [])
        ).map { ($0[0], $0[1], $0[2]) }
    }
}
