public import GRDB

/// A database in a file, of which every commit is on the disk before it is told.
///
/// Reads and writes go one after the other on a thread of the database's own. They do not go through GRDB's asynchronous methods:
/// those, inlined into other modules by the optimizer, crash Swift 6.3.
public final class SQLiteFile: Sendable {
    private let queue: DatabaseQueue

    /// The path of a database that is in memory, and nobody else's.
    public static let memory = ":memory:"

    /// Opens the file, or makes it.
    /// - Parameters:
    ///   - label: names the thread.
    ///   - prepare: what has to be done at first, in one transaction, once the tables are as they should be.
    /// - Throws: what SQLite says when the file can't be used.
    public init(
        path: String,
        label: String,
        migrations: DatabaseMigrator,
        prepare: (Database) throws -> Void = { _ in }
    ) throws {
        var configuration = Configuration()
        configuration.label = label
        // What is in memory has no log.
        if path != Self.memory { configuration.journalMode = .wal }
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        queue = try DatabaseQueue(path: path, configuration: configuration)
        // Outside of a transaction, and after the WAL's own setting.
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try migrations.migrate(queue)
        try queue.write { try prepare($0) }
    }

    /// Reads, in one transaction.
    public func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.asyncRead { database in
                continuation.resume(with: Result { try body(try database.get()) })
            }
        }
    }

    /// Writes, in one transaction, which is rolled back when `body` throws.
    public func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.asyncWriteWithoutTransaction { database in
                do {
                    try database.beginTransaction(.immediate)
                    let value = try body(database)
                    try database.commit()
                    continuation.resume(returning: value)
                } catch {
                    if database.isInsideTransaction { try? database.rollback() }
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}
