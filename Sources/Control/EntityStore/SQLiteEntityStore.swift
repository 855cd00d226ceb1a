internal import AWSWire
internal import Foundation
internal import GRDB
internal import SQLiteFile

/// Entities in an SQLite file, or in memory.
public final class SQLiteEntityStore: EntityStore {
    private let database: SQLiteFile

    /// Opens the file, or makes it so that only its owner can read it.
    /// - Parameter path: the file; `nil` keeps nothing.
    /// - Throws: what SQLite says when the file can't be used.
    public init(path: String?) throws {
        if let path, !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        database = try SQLiteFile(
            path: path ?? SQLiteFile.memory,
            label: "daemun.management",
            migrations: Self.migrations
        )
    }

    private static var migrations: DatabaseMigrator {
        var migrations = DatabaseMigrator()
        migrations.registerMigration("entities") { database in
            try database.execute(
                sql: """
                    CREATE TABLE entity (
                        number INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT NOT NULL,
                        id TEXT NOT NULL, name TEXT, document TEXT NOT NULL,
                        UNIQUE (region, parent, kind, id)
                    ) STRICT;
                    CREATE UNIQUE INDEX entity_name ON entity (region, parent, kind, name) WHERE name IS NOT NULL;
                    """
            )
        }
        return migrations
    }

    public func transaction<Value: Sendable>(
        _ body: @escaping @Sendable (any EntityTransaction) throws -> Value
    ) async throws -> Value {
        try await database.write { try body(SQLiteTransaction(database: $0)) }
    }
}

private struct SQLiteTransaction: EntityTransaction {
    let database: Database

    func entity(_ key: EntityKey) throws -> Entity? {
        try entities("kind = ? AND id = ?", [key.kind, key.id], parent: key.parent, region: key.region).first
    }

    func entity(named name: String, kind: String, parent: String, region: String) throws -> Entity? {
        try entities("kind = ? AND name = ?", [kind, name], parent: parent, region: region).first
    }

    func entities(kind: String, parent: String, region: String) throws -> [Entity] {
        try entities("kind = ?", [kind], parent: parent, region: region)
    }

    private func entities(
        _ condition: String,
        _ arguments: StatementArguments,
        parent: String,
        region: String
    ) throws -> [Entity] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT number, kind, id, name, document FROM entity
                WHERE region = ? AND parent = ? AND \(condition) ORDER BY number
                """
        )
        let rows = try Row.fetchAll(statement, arguments: [region, parent] + arguments)
        return try rows.map { row in
            let text: String = row[4]
            return Entity(
                key: EntityKey(region: region, kind: row[1], parent: parent, id: row[2]),
                document: try WireValue(json: text.utf8),
                number: row[0],
                name: row[3]
            )
        }
    }

    func put(_ key: EntityKey, _ document: WireValue, name: String?) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO entity (region, parent, kind, id, name, document) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (region, parent, kind, id) DO UPDATE SET name = excluded.name, document = excluded.document
                """
        )
        try statement.execute(arguments: [key.region, key.parent, key.kind, key.id, name, document.json])
    }

    func remove(_ key: EntityKey) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "DELETE FROM entity WHERE region = ? AND parent = ? AND kind = ? AND id = ?"
        )
        try statement.execute(arguments: [key.region, key.parent, key.kind, key.id])
        return database.changesCount > 0
    }

    func removeAll(butKind kind: String) throws {
        try database.execute(sql: "DELETE FROM entity WHERE kind <> ?", arguments: [kind])
    }

    func removeAll(under parent: String, region: String) throws {
        // All that begins with the parent and a slash comes before the parent and the sign after the slash.
        let statement = try database.cachedStatement(
            sql: "DELETE FROM entity WHERE region = ? AND (parent = ? OR parent >= ? AND parent < ?)"
        )
        try statement.execute(arguments: [region, parent, "\(parent)/", "\(parent)0"])
    }
}
