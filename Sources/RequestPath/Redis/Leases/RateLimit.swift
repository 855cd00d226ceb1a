import NIOCore
import RESP

/// So many calls a period, and so many at once: a bucket that is refilled evenly, as the generic cell rate algorithm admits.
///
/// In any stretch of time all holders together spend at most `burst` and what the stretch refills. For that, tokens
/// that are leased and not surely gone must not be refilled meanwhile, or a holder that waits and the bucket could both spend a
/// whole burst at one moment: **what is leased narrows the bucket until the lease is given back, is followed by the holder's
/// next one, or its time to live has passed**. A holder must not spend a lease longer than that (`Lease.expiresAfter`), so when
/// it died its tokens are gone, and nothing is returned but the room, which time refills. So at each moment the bucket and
/// all leases hold at most `burst` tokens together, and only time adds to them: the limit is exact.
///
/// Exact by the server's clock, as long as it is not put forward and the server keeps its data. An emptied server has a full
/// bucket: it admits at most `burst` more, once.
public struct RateLimit: Sendable, Hashable {
    /// Calls in a period.
    public let limit: Int
    /// The period, in microseconds.
    public let period: Int64
    /// Calls at once.
    public let burst: Int

    /// Numbers in scripts are exact up to 2⁵³.
    private static let largest: Int64 = 1 << 53

    /// Makes a limit.
    /// - Returns: `nil` when a number is not positive, or when `burst` × `period` or `limit` × `period` microseconds is over 2⁵³,
    ///   beyond which scripts do not count exactly.
    public init?(limit: Int, period: Int64, burst: Int) {
        guard limit > 0, period > 0, burst > 0 else { return nil }
        let (whole, overflow) = period.multipliedReportingOverflow(by: Int64(burst))
        let (rate, rateOverflow) = period.multipliedReportingOverflow(by: Int64(limit))
        guard !overflow, !rateOverflow, whole <= Self.largest, rate <= Self.largest else { return nil }
        self.limit = limit
        self.period = period
        self.burst = burst
    }

    /// Brings a bucket up to a moment. A token is `period` units, of which each microsecond adds `limit`; so all is whole numbers.
    /// Leases are fields named after their holder: number, tokens granted, those and the ones kept, and the microsecond when they
    /// end. While they last they
    /// narrow the bucket, so it is refilled step by step from the end of one to the next.
    private static let bringUp = """
        local limit, period, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local whole = burst * period
        local level, last, held, ending = whole, now, 0, {}
        local mine, renewed
        local fields = redis.call('HGETALL', KEYS[1])
        for index = 1, #fields, 2 do
            local name, value = fields[index], fields[index + 1]
            if name == 'bucket' then
                local amount, moment, unit = string.match(value, '(%d+) (%d+) (%d+)')
                level, last = tonumber(amount), tonumber(moment)
                if tonumber(unit) ~= period then level = math.floor(level / tonumber(unit)) * period end
            else
                local number, granted, total, finish = string.match(value, '(%d+) (%d+) (%d+) (%d+)')
                local lease = {
                    name = name, number = tonumber(number), granted = tonumber(granted), total = tonumber(total),
                    finish = tonumber(finish)
                }
                if name == 'h:' .. ARGV[4] then mine = lease end
                held = held + lease.total
                table.insert(ending, lease)
            end
        end
        if now < last then now = last end
        table.sort(ending, function(a, b) return a.finish < b.finish end)
        local function fill(moment)
            local room = math.max(0, whole - held * period)
            local missing = room - level
            local elapsed = moment - last
            if elapsed > 0 then
                if missing > 0 then
                    if elapsed >= math.ceil(missing / limit) then level = room else level = level + elapsed * limit end
                end
                last = moment
            end
            if level > room then level = room end
        end
        local longest, soonest, over = now, nil, {}
        for _, lease in ipairs(ending) do
            if lease.finish <= now then
                fill(lease.finish)
                held = held - lease.total
                table.insert(over, lease.name)
                if mine == lease then mine = nil end
            else
                soonest = soonest or lease.finish
                longest = lease.finish
            end
        end
        fill(now)
        local function store()
            redis.call('HSET', KEYS[1], 'bucket', string.format('%.0f %.0f %.0f', level, now, period))
            for _, name in ipairs(over) do
                if not renewed or name ~= 'h:' .. ARGV[4] then redis.call('HDEL', KEYS[1], name) end
            end
            local idle = (longest - now) / 1000 + math.ceil(whole / limit / 1000) + 1
            redis.call('PEXPIRE', KEYS[1], string.format('%.0f', idle))
        end
        """

    /// KEYS: the bucket. ARGV: limit, period, burst, holder, wanted, number, ended, unspent, kept, time to live.
    /// Answers granted, remaining, microseconds left of the lease, until a token, and until full; a granted of -2 says that a later
    /// request came first.
    static let lease = RedisScript(
        bringUp + "\n"
            + """
            local wanted, number, ended = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
            local unspent, kept = tonumber(ARGV[8]), tonumber(ARGV[9])
            local finish = now + tonumber(ARGV[10]) * 1000
            local granted
            if mine and mine.number > number then
                store()
                return {-2, 0, 0, 0, 0}
            end
            if mine and mine.number == number then
                granted, finish = mine.granted, mine.finish
            else
                if mine then
                    held = held - mine.total
                    kept = math.min(kept, mine.total)
                    if mine.number == ended then
                        if unspent < 0 then unspent = mine.granted end
                        level = level + math.max(0, math.min(unspent, mine.total - kept)) * period
                    end
                else
                    kept = 0
                end
                granted = math.max(0, math.min(wanted, math.floor(level / period)))
                level = level - granted * period
                held = held + granted + kept
                renewed = true
                if finish > longest then longest = finish end
                redis.call(
                    'HSET', KEYS[1], 'h:' .. ARGV[4],
                    string.format('%.0f %.0f %.0f %.0f', number, granted, granted + kept, finish)
                )
            end
            store()
            local room = math.max(0, whole - held * period)
            local retry = 0
            if granted == 0 then
                retry = math.ceil(math.max(0, period - level) / limit)
                if room < period and soonest then retry = retry + soonest - now end
            end
            local full = math.ceil((whole - level) / limit)
            return {granted, math.floor(level / period), finish - now, retry, full}
            """
    )

    /// KEYS: the bucket. ARGV: limit, period, burst, holder, number, unspent. Answers how many were taken back.
    static let giveBack = RedisScript(
        bringUp + "\n"
            + """
            local returned = 0
            if mine and mine.number == tonumber(ARGV[5]) then
                returned = math.max(0, math.min(tonumber(ARGV[6]), mine.total))
                level = level + returned * period
                redis.call(
                    'HSET', KEYS[1], 'h:' .. ARGV[4], string.format('%.0f 0 0 %.0f', mine.number, mine.finish)
                )
            end
            store()
            return returned
            """
    )

    private func writeShape(of request: LeaseRequest, to writer: inout RESPWriter) {
        writer.word("{\(request.key)}:rate")
        writer.word(limit)
        writer.word(period)
        writer.word(burst)
        writer.word(request.holder)
    }

    func leaseCommand(_ request: LeaseRequest) -> RedisCommand {
        RedisCommand(Self.lease, keys: 1) { writer in
            writeShape(of: request, to: &writer)
            writer.word(request.wanted)
            request.writeLease(to: &writer)
        }
    }

    func giveBackCommand(_ request: LeaseRequest, unspent: Int) -> RedisCommand {
        RedisCommand(Self.giveBack, keys: 1) { writer in
            writeShape(of: request, to: &writer)
            writer.word(request.number)
            writer.word(unspent)
        }
    }

    func lease(from reply: RESPValue) -> Result<Lease, LeaseFailure> {
        guard let numbers = reply.elements?.compactMap(\.integer), numbers.count == 5 else {
            return .failure(.redis(.unexpectedReply))
        }
        guard numbers[0] >= 0 else { return .failure(.overtaken) }
        return .success(
            Lease(
                granted: Int(numbers[0]),
                remaining: Int(numbers[1]),
                expiresAfter: .nanoseconds(numbers[2], each: 1000),
                resetsAfter: .nanoseconds(numbers[4], each: 1000),
                retryAfter: .nanoseconds(numbers[3], each: 1000)
            )
        )
    }
}
