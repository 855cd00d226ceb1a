import NIOCore
import RESP

/// So many calls from one moment to another, such as a month's quota or a minute's limit.
///
/// One key a window counts what was granted and not given back, and goes away when the window ends. **A lease of a holder that
/// died is not returned before that**: nobody knows how many of its tokens were spent, and to hand out even one of
/// those again would break the limit. What a death costs is one lease, so leases are kept small.
///
/// The lease's time to live bounds only how long it can be given back: its record is kept that long. It can be spent to
/// the window's end.
///
/// Exact by the server's clock, as long as the server keeps its data: it must not evict keys (`maxmemory-policy noeviction`).
public struct WindowLimit: Sendable, Hashable {
    /// The most that all holders together may spend in the window. It may change while the window lasts.
    public var limit: Int
    /// The window's first millisecond since 1970.
    public var start: Int64
    /// The first millisecond after it.
    public var end: Int64

    /// Makes a limit.
    public init(limit: Int, start: Int64, end: Int64) {
        self.limit = limit
        self.start = start
        self.end = end
    }

    /// KEYS: the counter, the holder's record. ARGV: limit, start, end, wanted, number, ended, unspent, kept, time to
    /// live.
    /// Answers granted, remaining, now; a granted of -1 says that now is outside, and of -2 that a later request came first.
    static let lease = RedisScript(
        """
        local limit, first, last, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
        local number, ended = tonumber(ARGV[5]), tonumber(ARGV[6])
        local unspent, kept = tonumber(ARGV[7]), tonumber(ARGV[8])
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        if now < first or now >= last then return {-1, 0, now} end
        local used = tonumber(redis.call('GET', KEYS[1]) or '0')
        local record = redis.call('HMGET', KEYS[2], 'number', 'granted', 'total')
        local held = tonumber(record[1] or '0')
        if held == number then
            return {tonumber(record[2]), math.max(0, limit - used), now}
        end
        if held > number then return {-2, 0, now} end
        local total = tonumber(record[3] or '0')
        kept = math.min(kept, total)
        if held ~= 0 and held == ended then
            if unspent < 0 then unspent = tonumber(record[2]) end
            used = math.max(0, used - math.max(0, math.min(unspent, total - kept)))
        end
        local granted = math.max(0, math.min(wanted, limit - used))
        used = used + granted
        redis.call('SET', KEYS[1], string.format('%.0f', used), 'PX', string.format('%.0f', last - now))
        redis.call(
            'HSET', KEYS[2], 'number', ARGV[5], 'granted', string.format('%.0f', granted),
            'total', string.format('%.0f', granted + kept)
        )
        redis.call('PEXPIRE', KEYS[2], string.format('%.0f', math.min(tonumber(ARGV[9]), last - now)))
        return {granted, math.max(0, limit - used), now}
        """
    )

    /// KEYS: the counter, the holder's record. ARGV: number, unspent. Answers how many were taken back.
    static let giveBack = RedisScript(
        """
        local record = redis.call('HMGET', KEYS[2], 'number', 'total')
        if record[1] ~= ARGV[1] then return 0 end
        local used = tonumber(redis.call('GET', KEYS[1]) or '0')
        local returned = math.max(0, math.min(tonumber(ARGV[2]), tonumber(record[2]), used))
        redis.call('HSET', KEYS[2], 'granted', '0', 'total', '0')
        if returned > 0 then redis.call('DECRBY', KEYS[1], string.format('%.0f', returned)) end
        return returned
        """
    )

    /// The keys of a request. The braces put them on the same node of a cluster.
    func writeKeys(of request: LeaseRequest, to writer: inout RESPWriter) {
        writer.word("{\(request.key)}:\(start)")
        writer.word("{\(request.key)}:\(start):\(request.holder)")
    }

    func leaseCommand(_ request: LeaseRequest) -> RedisCommand {
        RedisCommand(Self.lease, keys: 2) { writer in
            writeKeys(of: request, to: &writer)
            writer.word(limit)
            writer.word(start)
            writer.word(end)
            writer.word(request.wanted)
            request.writeLease(to: &writer)
        }
    }

    func giveBackCommand(_ request: LeaseRequest, unspent: Int) -> RedisCommand {
        RedisCommand(Self.giveBack, keys: 2) { writer in
            writeKeys(of: request, to: &writer)
            writer.word(request.number)
            writer.word(unspent)
        }
    }

    func lease(from reply: RESPValue) -> Result<Lease, LeaseFailure> {
        guard let numbers = reply.elements?.compactMap(\.integer), numbers.count == 3 else {
            return .failure(.redis(.unexpectedReply))
        }
        let (granted, remaining, now) = (numbers[0], numbers[1], numbers[2])
        switch granted {
        case -1: return .failure(.outsideWindow(now: now))
        case ..<0: return .failure(.overtaken)
        default: break
        }
        let left = UInt64.nanoseconds(end.subtractingReportingOverflow(now).partialValue, each: 1_000_000)
        return .success(
            Lease(
                granted: Int(granted),
                remaining: Int(remaining),
                expiresAfter: left,
                resetsAfter: left,
                retryAfter: granted == 0 ? left : 0
            )
        )
    }
}
