import Foundation
import Model

/// The last known tables of customers' backends in the data folder, for a start while Redis is away.
struct BackendTableCopy: Sendable {
    private struct Content: Codable {
        struct Table: Codable {
            var api: String
            var id: String?
            var revision: Int64
            /// Customer, backend, and perhaps a route's key.
            var rows: [[String]]
        }

        /// Of which server.
        var redis: String
        var tables: [Table]
    }

    /// A table of the copy.
    struct Table: Sendable {
        var head: BackendTableLedger.Head
        var rows: [BackendRow]
    }

    private let url: URL
    private let redis: String

    /// - Returns: `nil` without a folder to keep it in.
    init?(for model: Model) {
        guard let folder = model.dataFolder, let server = model.redis else { return nil }
        url = URL(fileURLWithPath: folder).appendingPathComponent("backend-tables.json")
        redis = server.url
    }

    /// By the APIs' names; empty when there is no copy, or that of another server.
    /// - Throws: when there is one that can't be read.
    func read() throws -> [String: Table] {
        guard FileManager.default.fileExists(atPath: url.path) else { return [:] }
        let content = try JSONDecoder().decode(Content.self, from: Data(contentsOf: url))
        guard content.redis == redis else { return [:] }
        var tables: [String: Table] = [:]
        for table in content.tables {
            let rows = table.rows.compactMap { parts -> BackendRow? in
                guard parts.count == 2 || parts.count == 3 else { return nil }
                return BackendRow(customer: parts[0], route: parts.count == 3 ? parts[2] : nil, backend: parts[1])
            }
            let head = BackendTableLedger.Head(id: table.id, revision: table.revision)
            tables[table.api] = Table(head: head, rows: rows)
        }
        return tables
    }

    /// Puts another copy in the place of this one, at once.
    func write(_ tables: [String: Table]) throws {
        let written = tables.sorted { $0.key < $1.key }
            .map { api, table in
                let rows = table.rows.map { [$0.customer, $0.backend] + ($0.route.map { [$0] } ?? []) }
                return Content.Table(api: api, id: table.head.id, revision: table.head.revision, rows: rows)
            }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(Content(redis: redis, tables: written)).write(to: url, options: .atomic)
    }
}
