import Exchange
import Model
import NIOCore

// Limits of which some are shared with other nodes: tokens are taken out of leases, and all go back when one limit refuses.

/// What was taken for a call, and which limits are left to ask: one turn through all of them, without a pause.
private struct SharedTurn {
    var tickets = InlineArray<8, RateTicket?>(repeating: nil)
    var local = InlineArray<8, RateLimit>(repeating: RateLimit(key: BucketKey(place: 0, mark: 1), rate: .one))
    var rules = InlineArray<8, Int>(repeating: 0)
    var localCount = 0
    /// The limit with the least left.
    var least: (rule: ThrottleRule, standing: Standing)?

    mutating func tell(_ rule: ThrottleRule, _ standing: Standing) {
        if let least, least.standing.remaining <= standing.remaining { return }
        least = (rule, standing)
    }

    mutating func count(_ index: Int, _ key: BucketKey, _ rate: Rate) {
        local[localCount] = RateLimit(key: key, rate: rate)
        rules[localCount] = index
        localCount += 1
    }

    func spend() {
        for index in tickets.indices { tickets[index]?.spend() }
    }

    func giveBack() {
        for index in tickets.indices { tickets[index]?.giveBack() }
    }
}

/// Why a turn ended early.
private enum Interruption {
    case refusal(Refusal)
    /// Tokens of this one are on their way.
    case wait(RateReserve)
}

/// What a call brings along through the turns.
private struct SharedCall {
    let exchange: Exchange
    let caller: Caller?
    let memory: CallerMemory
    let ofPlan: [ThrottleRule]
    /// Whether it has waited long enough: what is not there now can't be asked.
    var isLate = false
    /// When it began to wait, in monotonic nanoseconds.
    var since: UInt64?
}

extension EnforceLimits {
    /// How long a call waits for tokens in all. Redis has half a second to answer.
    private static let longestWait: UInt64 = 1_000_000_000

    /// Lets a call pass all its rates, of which one at least is shared, and then its quotas.
    func runShared(
        _ exchange: Exchange,
        _ caller: Caller?,
        _ memory: CallerMemory,
        _ ofPlan: [ThrottleRule]
    ) -> Verdict {
        go(on: SharedCall(exchange: exchange, caller: caller, memory: memory, ofPlan: ofPlan)) ?? .wait
    }

    /// - Returns: `nil` when it waits; the exchange is resumed then.
    private func go(on call: SharedCall) -> Verdict? {
        var turn = SharedTurn()
        switch takeAll(call, &turn) {
        case nil:
            turn.spend()
            return passed(turn.least, call.caller, call.memory, call.exchange)
        case .refusal(let refusal):
            turn.giveBack()
            return .refuse(refusal)
        case .wait(let reserve):
            // What others may need is not held meanwhile.
            turn.giveBack()
            wait(for: reserve, call)
            return nil
        }
    }

    private func wait(for reserve: RateReserve, _ call: SharedCall) {
        var call = call
        let exchange = call.exchange
        let (number, now) = (exchange.callNumber, exchange.worker.now)
        let since = call.since ?? now
        call.since = since
        let left = Int64(since + Self.longestWait) - Int64(now)
        reserve.wait(on: exchange.worker.eventLoop, within: .nanoseconds(max(left, 0))) { [self] hasChanged in
            // The client may have left, and its exchange serve another call.
            guard exchange.callNumber == number else { return }
            call.isLate = !hasChanged || exchange.worker.now >= since + Self.longestWait
            if let verdict = go(on: call) { exchange.resume(with: verdict) }
        }
    }

    private func takeAll(_ call: SharedCall, _ turn: inout SharedTurn) -> Interruption? {
        let worker = call.exchange.worker
        let now = worker.now
        let count = ruleCount + call.ofPlan.count
        for index in 0..<count {
            let rule = index < ruleCount ? self.rule(index) : call.ofPlan[index - ruleCount]
            let key = key(index, call.ofPlan, call.caller, call.exchange)
            if let shared = rule.shared {
                if let interruption = take(rule, shared, index, key, call, at: now, &turn) { return interruption }
            } else {
                turn.count(index, key, rule.rate)
            }
        }
        guard turn.localCount > 0 else { return nil }
        let admission = admit(turn.local.span.extracting(0..<turn.localCount), at: now, worker)
        let index = turn.rules[admission.limit]
        let rule = index < ruleCount ? self.rule(index) : call.ofPlan[index - ruleCount]
        if admission.isAllowed {
            turn.tell(rule, admission.standing)
            return nil
        }
        rule.refusals.add()
        return .refusal(rule.policy.refusal(admission.standing))
    }

    /// Takes a token of one shared limit.
    private func take(
        _ rule: ThrottleRule,
        _ shared: SharedRule,
        _ index: Int,
        _ key: BucketKey,
        _ call: SharedCall,
        at now: UInt64,
        _ turn: inout SharedTurn
    ) -> Interruption? {
        guard let rates = plan.rates else { return alone(rule, shared, index, key, &turn) }
        guard var reserve = reserve(of: key, shared, rule, call, rates) else {
            rule.refusals.add()
            return .refusal(rule.policy.refusal(Standing(remaining: 0, reset: 1_000_000_000, wait: 1_000_000_000)))
        }
        var take = reserve.take(at: now)
        if case .retired = take, let other = self.reserve(of: key, shared, rule, call, rates) {
            reserve = other
            take = other.take(at: now)
        }
        switch take {
        case .taken(let ticket):
            turn.tickets[index] = ticket
            turn.tell(rule, reserve.standing(at: now))
            return nil
        case .exhausted:
            rule.refusals.add()
            return .refusal(rule.policy.refusal(reserve.emptyStanding(at: now)))
        case .wait where !call.isLate: return .wait(reserve)
        case .wait, .unavailable, .retired: return alone(rule, shared, index, key, &turn)
        }
    }

    /// Decides without Redis.
    private func alone(
        _ rule: ThrottleRule,
        _ shared: SharedRule,
        _ index: Int,
        _ key: BucketKey,
        _ turn: inout SharedTurn
    ) -> Interruption? {
        shared.alone.add()
        switch shared.onFailure {
        case .local: turn.count(index, key, rule.rate)
        case .open: break
        case .closed: return .refusal(Self.rateUnavailable)
        }
        return nil
    }

    private static let rateUnavailable = Refusal(
        status: 503,
        cause: "throttle.unavailable",
        fields: [ReplyField("Retry-After", "1")]
    )

    // MARK: Reserves

    private func reserve(
        of key: BucketKey,
        _ shared: SharedRule,
        _ rule: ThrottleRule,
        _ call: SharedCall,
        _ rates: SharedRates
    ) -> RateReserve? {
        if let known = call.memory.reserves.reserve(of: key), !known.isOver { return known }
        let name = name(of: shared, rule, call)
        guard let found = rates.reserve(for: name, shared.shape) else { return nil }
        call.memory.reserves.remember(found, of: key)
        return found
    }

    /// Who is not known counts by the address, as in the local key.
    private func name(of shared: SharedRule, _ rule: ThrottleRule, _ call: SharedCall) -> String {
        var name = SharedBucketName(limit: shared.limit, place: shared.place)
        let principal = call.caller?.principal
        for trait in rule.traits {
            switch trait {
            case .api: name.add(.api, route.api)
            case .route: name.add(.route, route.name)
            case .address: name.add(call.exchange.clientAddress)
            case .customer: add(.customer, principal?.countedCustomer, call, &name)
            case .subject: add(.subject, principal?.subject, call, &name)
            case .fact(let index):
                let fact = plan.facts[index]
                let value = fact.isClaim ? principal?.claim(fact.name) : principal?.label(fact.name)
                add(fact.isClaim ? .claim : .label, value, call, &name)
            }
        }
        return name.text
    }

    private func add(
        _ kind: SharedBucketName.Kind,
        _ value: String?,
        _ call: SharedCall,
        _ name: inout SharedBucketName
    ) {
        if let value { name.add(kind, value) } else { name.add(call.exchange.clientAddress) }
    }
}
