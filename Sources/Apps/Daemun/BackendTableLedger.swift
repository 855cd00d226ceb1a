import Model
import NIOCore
import RESP
import Redis

/// The live tables of customers' backends, as Redis has them: for each API a hash of its rows, which operators may write without a gateway,
/// and a head, which says which table that is and how often it was changed. Scripts read and write both, so that nobody sees half a change.
struct BackendTableLedger: Sendable {
    /// Which table it is, and how far.
    struct Head: Sendable, Hashable {
        /// Made by chance with the table's first row; `nil` for a table that no gateway has seen yet.
        var id: String?
        /// Grows with each change.
        var revision: Int64 = 0
    }

    /// A table as it is at one time.
    struct Page: Sendable {
        var head: Head
        /// How many rows there are.
        var count: Int
        /// `nil` when they are too many to be read.
        var rows: [BackendRow]?
    }

    /// What became of a change.
    enum Outcome: Sendable {
        case made(Int64)
        /// Redis has another table by now, or less of this one.
        case outOfStep
        case full
        case unknownRow
    }

    static let channel = "daemun:{backends}:changes"
    /// The most rows of a table.
    static let mostRows = 10_000
    /// The most bytes of a row's field, which is the customer's id and perhaps a route's key.
    static let mostFieldBytes = 1_024
    /// The most bytes of all rows together: what is read comes in one reply.
    static let mostBytes = 4 << 20
    private static let timeout: UInt64 = 3_000_000_000

    let redis: RedisHandle

    private static func keys(of api: String) -> [String] {
        ["daemun:{backends}:table:" + api, "daemun:{backends}:head:" + api]
    }

    /// What the row of a customer is called, for one route or all.
    static func field(customer: String, route: String?) -> String { customer + (route.map { " " + $0 } ?? "") }

    private static func row(field: String, backend: String) -> BackendRow {
        let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let route = parts.count == 2 ? String(parts[1]) : nil
        return BackendRow(customer: String(parts.first ?? ""), route: route, backend: backend)
    }

    // MARK: Reading

    /// How far the tables of some APIs are.
    func heads(of apis: [String]) async throws -> [Head] {
        let command = RedisCommand(Self.headsScript, keys: apis.count) { writer in
            for api in apis { writer.word(Self.keys(of: api)[1]) }
        }
        let answer = try await redis.send(command, timeout: Self.timeout)
        guard let parts = answer.elements, parts.count == 2 * apis.count else { throw RedisError.unexpectedReply }
        return try apis.indices.map { try Self.head(parts[2 * $0], parts[2 * $0 + 1]) }
    }

    private static let headsScript = RedisScript(
        """
        local answer = {}
        for i = 1, #KEYS do
            local head = redis.call('HMGET', KEYS[i], 'id', 'revision')
            answer[2 * i - 1] = head[1]
            answer[2 * i] = head[2]
        end
        return answer
        """
    )

    private static func head(_ id: RESPValue, _ revision: RESPValue) throws -> Head {
        guard case .null = revision else {
            guard let number = revision.integer, number >= 0 else { throw RedisError.unexpectedReply }
            return Head(id: id.string, revision: number)
        }
        return Head(id: id.string)
    }

    /// The table of an API.
    func page(of api: String) async throws -> Page {
        let command = RedisCommand(Self.pageScript, keys: 2) { writer in
            for key in Self.keys(of: api) { writer.word(key) }
            writer.word(Self.mostRows)
            writer.word(Self.mostFieldBytes)
            writer.word(Self.mostBytes)
        }
        let answer = try await redis.send(command, timeout: Self.timeout)
        guard let parts = answer.elements, parts.count >= 3, let count = parts[2].integer else {
            throw RedisError.unexpectedReply
        }
        var page = Page(head: try Self.head(parts[0], parts[1]), count: Int(count))
        guard parts.count == 4 else { return page }
        guard let texts = parts[3].elements, texts.count.isMultiple(of: 2) else { throw RedisError.unexpectedReply }
        page.rows = try stride(from: 0, to: texts.count, by: 2).map { index in
            guard let field = texts[index].string, let backend = texts[index + 1].string else {
                throw RedisError.unexpectedReply
            }
            return Self.row(field: field, backend: backend)
        }
        return page
    }

    /// What is too long to be a row is cut, and so is none.
    private static let pageScript = RedisScript(
        """
        local head = redis.call('HMGET', KEYS[2], 'id', 'revision')
        local count = redis.call('HLEN', KEYS[1])
        if count > tonumber(ARGV[1]) then return {head[1], head[2], count} end
        local rows = redis.call('HGETALL', KEYS[1])
        local most = tonumber(ARGV[2])
        local bytes = 0
        for i = 1, #rows do
            local length = #rows[i]
            if length > most then
                rows[i] = string.sub(rows[i], 1, 64) .. '...'
                length = 67
            end
            bytes = bytes + length + 16
        end
        if bytes > tonumber(ARGV[3]) then return {head[1], head[2], count} end
        return {head[1], head[2], count, rows}
        """
    )

    // MARK: Changes

    /// Sets a row, or takes it away.
    /// - Parameters:
    ///   - backend: `nil` takes it away.
    ///   - head: what is known of the table; it may have gone on since.
    func change(
        customer: String,
        route: String?,
        to backend: String?,
        of api: String,
        upon head: Head
    ) async throws -> Outcome {
        let command = RedisCommand(Self.changeScript, keys: 2) { writer in
            for key in Self.keys(of: api) { writer.word(key) }
            writer.word(head.id ?? "")
            writer.word(head.revision)
            writer.word(DrawnName.new())
            writer.word(Self.field(customer: customer, route: route))
            writer.word(backend ?? "")
            writer.word(Self.mostRows)
            writer.word(Self.channel)
            writer.word(api)
        }
        guard let number = try await redis.send(command, timeout: Self.timeout).integer else {
            throw RedisError.unexpectedReply
        }
        switch number {
        case -3: return .unknownRow
        case -2: return .full
        case -1: return .outOfStep
        default: return .made(number)
        }
    }

    private static let changeScript = RedisScript(
        """
        local head = redis.call('HMGET', KEYS[2], 'id', 'revision')
        if ARGV[1] ~= '' and (head[1] ~= ARGV[1] or tonumber(head[2] or '0') < tonumber(ARGV[2])) then return -1 end
        if ARGV[5] == '' then
            if redis.call('HDEL', KEYS[1], ARGV[4]) == 0 then return -3 end
        else
            if redis.call('HEXISTS', KEYS[1], ARGV[4]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[6]) then
                return -2
            end
            redis.call('HSET', KEYS[1], ARGV[4], ARGV[5])
        end
        redis.call('HSETNX', KEYS[2], 'id', ARGV[3])
        local revision = redis.call('HINCRBY', KEYS[2], 'revision', 1)
        redis.call('PUBLISH', ARGV[7], ARGV[8])
        return revision
        """
    )

    /// Gives a table that operators have made a head, so that it is known when it is gone.
    func claim(_ api: String) async throws {
        let command = RedisCommand("HSETNX", Self.keys(of: api)[1], "id", DrawnName.new())
        _ = try await redis.send(command, timeout: Self.timeout)
    }

    // MARK: Filling

    /// Puts a table back that Redis has lost, or some of it. When something else is there by then, nothing is done.
    /// - Parameters:
    ///   - head: that of the table.
    ///   - former: what is there. Rows of a table without an id were written since, and stay.
    func fill(_ api: String, with rows: [BackendRow], _ head: Head, inPlaceOf former: Head) async throws {
        let command = RedisCommand(Self.fillScript, keys: 2) { writer in
            for key in Self.keys(of: api) { writer.word(key) }
            writer.word(former.id ?? "")
            writer.word(former.revision)
            writer.word(head.id ?? DrawnName.new())
            writer.word(former.id == nil ? max(head.revision, former.revision) + 1 : head.revision)
            writer.word(Self.channel)
            writer.word(api)
            for row in rows {
                writer.word(Self.field(customer: row.customer, route: row.route))
                writer.word(row.backend)
            }
        }
        _ = try await redis.send(command, timeout: Self.timeout)
    }

    private static let fillScript = RedisScript(
        """
        local head = redis.call('HMGET', KEYS[2], 'id', 'revision')
        if (head[1] or '') ~= ARGV[1] or (head[2] or '0') ~= ARGV[2] then return 0 end
        if ARGV[1] ~= '' then redis.call('DEL', KEYS[1]) end
        for i = 7, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
        redis.call('HSET', KEYS[2], 'id', ARGV[3], 'revision', ARGV[4])
        redis.call('PUBLISH', ARGV[5], ARGV[6])
        return 1
        """
    )
}
