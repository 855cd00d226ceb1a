import CustomerStore
import NIOCore
import RESP
import Redis

/// The customers and plans that gateways share, as Redis has them: a record for each, the order of their changes, and the head, which says
/// what the last change was. All is read and written by scripts, so that nobody sees half of a change.
struct CustomerLedger: Sendable {
    /// What the set is, and how far.
    struct Head: Sendable {
        var dataset: String
        var revision: SharedRevision
        /// What the hashing key of those who share is called.
        var keyName: String
    }

    /// What came after a revision.
    struct Page: Sendable {
        var head: Head
        /// The mark of the revision that was asked for; `nil` when it is forgotten.
        var markAsked: String?
        /// In the order of their revisions; some, when there are many.
        var records: [SharedRecord]
    }

    static let channel = "daemun:{customers}:changes"
    /// The head, the records by their keys, their revisions in order, and the marks of revisions, as all scripts take them.
    private static let keys = ["head", "records", "revisions", "marks"].map { "daemun:{customers}:\($0)" }
    private static let timeout: UInt64 = 3_000_000_000
    private static let mostFillBytes = 1 << 20

    let redis: RedisHandle

    // MARK: Reading

    /// - Returns: `nil` when there is no set.
    func page(after revision: Int64) async throws -> Page? {
        let command = RedisCommand(Self.pageScript, keys: 4) { writer in
            for key in Self.keys { writer.word(key) }
            writer.word(revision)
        }
        let answer = try await redis.send(command, timeout: Self.timeout)
        if case .null = answer { return nil }
        guard let parts = answer.elements, parts.count >= 5, let dataset = parts[0].string,
            let number = parts[1].integer, let mark = parts[2].string, let keyName = parts[3].string
        else { throw RedisError.unexpectedReply }
        let head = Head(dataset: dataset, revision: SharedRevision(number: number, mark: mark), keyName: keyName)
        let records = try parts.dropFirst(5).map { part in
            guard let bytes = part.bytes else { throw RedisError.unexpectedReply }
            return try SharedRecord(decoding: Array(bytes.readableBytesView))
        }
        return Page(head: head, markAsked: parts[4].string, records: records)
    }

    /// At most 200 records and little more than 1 MiB at once.
    private static let pageScript = RedisScript(
        """
        local head = redis.call('HMGET', KEYS[1], 'dataset', 'revision', 'mark', 'key')
        if not head[1] then return false end
        local answer = {head[1], head[2], head[3], head[4], redis.call('HGET', KEYS[4], ARGV[1])}
        local bytes = 0
        for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf', 'LIMIT', 0, 200)) do
            local record = redis.call('HGET', KEYS[2], id)
            if not record then return redis.error_reply('ERR a record of daemun:{customers}:records is not there') end
            answer[#answer + 1] = record
            bytes = bytes + #record
            if bytes > 1048576 then break end
        end
        return answer
        """
    )

    /// Which revisions customers and plans have after one, in their order; some, when there are many.
    /// - Returns: `nil` when the set is not there.
    func revisions(of dataset: String, after revision: Int64) async throws -> [(key: String, revision: SharedRevision)]?
    {
        let command = RedisCommand(Self.revisionsScript, keys: 4) { writer in
            for key in Self.keys { writer.word(key) }
            writer.word(dataset)
            writer.word(revision)
        }
        let answer = try await redis.send(command, timeout: Self.timeout)
        if case .null = answer { return nil }
        guard let parts = answer.elements, parts.count % 3 == 0 else { throw RedisError.unexpectedReply }
        return try stride(from: 0, to: parts.count, by: 3).map { index in
            guard let key = parts[index].string, let number = parts[index + 1].string.flatMap({ Int64($0) }),
                let mark = parts[index + 2].string
            else { throw RedisError.unexpectedReply }
            return (key, SharedRevision(number: number, mark: mark))
        }
    }

    private static let revisionsScript = RedisScript(
        """
        if redis.call('HGET', KEYS[1], 'dataset') ~= ARGV[1] then return false end
        local answer = {}
        local bytes = 0
        local found = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, 500)
        for index = 1, #found, 2 do
            local record = redis.call('HGET', KEYS[2], found[index])
            if not record then return redis.error_reply('ERR a record of daemun:{customers}:records is not there') end
            answer[#answer + 1] = found[index]
            answer[#answer + 1] = found[index + 1]
            answer[#answer + 1] = cjson.decode(record).revision.mark
            bytes = bytes + #record
            if bytes > 1048576 then break end
        end
        return answer
        """
    )

    // MARK: A change

    /// Has a change be the next one.
    /// - Returns: whether it is; not when another one came first.
    func add(_ record: SharedRecord, upon state: SharedState) async throws -> Bool {
        let text = try record.encoded()
        let command = RedisCommand(Self.addScript, keys: 4) { writer in
            for key in Self.keys { writer.word(key) }
            writer.word(state.dataset ?? "")
            writer.word(state.revision.number)
            writer.word(state.revision.mark)
            writer.word(record.revision.number)
            writer.word(record.revision.mark)
            writer.word(record.subject.key)
            writer.word(text)
            writer.word(record.revision.number - CustomerStore.keptMarks)
            writer.word(Self.channel)
        }
        return try await redis.send(command, timeout: Self.timeout).integer == 1
    }

    private static let addScript = RedisScript(
        """
        local head = redis.call('HMGET', KEYS[1], 'dataset', 'revision', 'mark')
        if head[1] ~= ARGV[1] or head[2] ~= ARGV[2] or head[3] ~= ARGV[3] then return 0 end
        redis.call('HSET', KEYS[1], 'revision', ARGV[4], 'mark', ARGV[5])
        redis.call('HSET', KEYS[2], ARGV[6], ARGV[7])
        redis.call('ZADD', KEYS[3], ARGV[4], ARGV[6])
        redis.call('HSET', KEYS[4], ARGV[4], ARGV[5])
        redis.call('HDEL', KEYS[4], ARGV[8])
        redis.call('PUBLISH', ARGV[9], ARGV[4])
        return 1
        """
    )

    // MARK: Filling

    /// Puts a store's whole set in the place of what is there. It is written beside that first, and changed for it at once.
    /// - Parameter former: what is there; `nil` for nothing. When it is something else by then, nothing is done.
    func fill(from store: CustomerStore, _ state: SharedState, inPlaceOf former: Head?) async throws {
        let place = "daemun:{customers}:fill:" + DrawnName.new()
        var last = ""
        while true {
            let records = try await store.sharedRecords(after: last, limit: 50)
            guard let next = records.last?.subject.key else { break }
            last = next
            var batch: [(record: SharedRecord, text: String)] = []
            var bytes = 0
            for record in records {
                let text = try record.encoded()
                batch.append((record, text))
                bytes += text.utf8.count
                guard bytes > Self.mostFillBytes else { continue }
                try await write(batch, beside: place)
                (batch, bytes) = ([], 0)
            }
            if !batch.isEmpty { try await write(batch, beside: place) }
        }
        let command = RedisCommand(Self.changeOverScript, keys: 6) { writer in
            for key in Self.keys { writer.word(key) }
            writer.word(place + ":records")
            writer.word(place + ":revisions")
            writer.word(former?.dataset ?? "")
            writer.word(former.map { String($0.revision.number) } ?? "")
            writer.word(former?.revision.mark ?? "")
            writer.word(state.dataset ?? "")
            writer.word(state.revision.number)
            writer.word(state.revision.mark)
            writer.word(store.keyName)
            writer.word(Self.channel)
        }
        _ = try await redis.send(command, timeout: Self.timeout)
    }

    private func write(_ batch: [(record: SharedRecord, text: String)], beside place: String) async throws {
        let command = RedisCommand(Self.fillScript, keys: 2) { writer in
            writer.word(place + ":records")
            writer.word(place + ":revisions")
            for (record, text) in batch {
                writer.word(record.subject.key)
                writer.word(record.revision.number)
                writer.word(text)
            }
        }
        _ = try await redis.send(command, timeout: Self.timeout)
    }

    /// What is never changed over to, since its gateway is gone, ends by itself.
    private static let fillScript = RedisScript(
        """
        for i = 1, #ARGV, 3 do
            redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
            redis.call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i])
        end
        redis.call('EXPIRE', KEYS[1], 600)
        redis.call('EXPIRE', KEYS[2], 600)
        return 1
        """
    )

    private static let changeOverScript = RedisScript(
        """
        local head = redis.call('HMGET', KEYS[1], 'dataset', 'revision', 'mark')
        if (head[1] or '') ~= ARGV[1] or (head[2] or '') ~= ARGV[2] or (head[3] or '') ~= ARGV[3] then
            redis.call('DEL', KEYS[5], KEYS[6])
            return 0
        end
        redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
        if redis.call('EXISTS', KEYS[5]) == 1 then
            redis.call('PERSIST', KEYS[5])
            redis.call('PERSIST', KEYS[6])
            redis.call('RENAME', KEYS[5], KEYS[2])
            redis.call('RENAME', KEYS[6], KEYS[3])
        end
        redis.call('HSET', KEYS[1], 'dataset', ARGV[4], 'revision', ARGV[5], 'mark', ARGV[6], 'key', ARGV[7])
        redis.call('HSET', KEYS[4], ARGV[5], ARGV[6])
        redis.call('PUBLISH', ARGV[8], ARGV[5])
        return 1
        """
    )
}
