public import Exchange
import Glibc
import NIOCore
import Synchronization

/// Lets a call pass all limits on speed and then all quotas that it stands under, or none: what one refuses takes nothing
/// from the others.
///
/// Rates come first, so that a customer who calls too fast does not wear out the disk that quotas are counted on.
public final class EnforceLimits: Step {
    /// What a route is counted by.
    struct Place: Sendable {
        /// For the count on disk: `shop GET /orders`.
        let name: String
        let api: String
        fileprivate let apiKey: BucketKey
        fileprivate let routeKey: BucketKey

        init(api: String, route: String, _ keys: BucketKeys) {
            name = "\(api) \(route)"
            self.api = api
            apiKey = keys.key(limit: LimitCounts.Domain.api.rawValue, value: Array(api.utf8).span)
            routeKey = keys.key(limit: LimitCounts.Domain.route.rawValue, value: Array(name.utf8).span)
        }
    }

    /// A limit, with its bucket where that is the same for all calls.
    private struct Rule: Sendable {
        let rule: ThrottleRule
        let key: BucketKey?
    }

    /// `limits`.
    public let name = "limits"
    let plan: LimitPlan
    private let throttle: Throttle
    private let keys: BucketKeys
    private let counts: LimitCounts
    private let rules: [Rule]
    let route: Place
    /// Whether other nodes count some of the route's own limits, too.
    private let sharesRates: Bool
    let looksAtPlans: Bool
    private let liftsRates: Bool
    let isShared: Bool
    private static let blank = RateLimit(key: BucketKey(place: 0, mark: 1), rate: .one)
    /// How long a call waits for its quota to be looked up.
    private static let patience = TimeAmount.seconds(2)

    init(
        plan: LimitPlan,
        counts: LimitCounts,
        rules: [ThrottleRule],
        route: Place,
        looksAtPlans: Bool,
        liftsRates: Bool,
        isShared: Bool
    ) {
        self.plan = plan
        throttle = Throttle(buckets: counts.buckets)
        keys = counts.keys
        self.counts = counts
        self.rules = rules.map { rule in
            guard rule.traits.allSatisfy(\.isOfRoute) else { return Rule(rule: rule, key: nil) }
            return Rule(rule: rule, key: Self.key(of: rule, nil, route, nil, counts.keys))
        }
        sharesRates = rules.contains { $0.shared != nil }
        self.route = route
        self.looksAtPlans = looksAtPlans
        self.liftsRates = liftsRates
        self.isShared = isShared
    }

    /// Decides on a call.
    public func run(_ exchange: Exchange) -> Verdict {
        let memory = exchange.worker.callers(plan.memory)
        let caller = exchange.principal.map { memory.caller(of: $0, plan, keys) }
        let limits = looksAtPlans ? caller?.limits : nil
        let ofPlan = liftsRates ? [] : limits?.throttle ?? []
        if sharesRates || limits?.sharesRates == true { return runShared(exchange, caller, memory, ofPlan) }
        var told: (rule: ThrottleRule, standing: Standing)?
        let refusal = passRates(exchange, caller, ofPlan, &told)
        if let refusal { return .refuse(refusal) }
        return passed(told, caller, memory, exchange) ?? .wait
    }

    /// Goes on with a call that all rates let pass.
    /// - Returns: `nil` when it waits for a quota; the exchange is resumed then.
    func passed(
        _ told: (rule: ThrottleRule, standing: Standing)?,
        _ caller: Caller?,
        _ memory: CallerMemory,
        _ exchange: Exchange
    ) -> Verdict? {
        let quotas = looksAtPlans ? caller?.limits?.quotas ?? [] : []
        guard told != nil || !quotas.isEmpty else { return .next }
        let tickets = memory.takeTickets()
        if let told {
            tickets.tell(told.rule.policy, remaining: told.standing.remaining, reset: wholeSeconds(told.standing.reset))
        }
        guard let caller, !quotas.isEmpty else {
            exchange.limits = tickets
            return .next
        }
        return passQuotas(quotas, from: 0, caller, tickets, exchange)
    }

    // MARK: Rates

    /// - Parameter told: the limit with the least left, for the client.
    private func passRates(
        _ exchange: Exchange,
        _ caller: Caller?,
        _ ofPlan: [ThrottleRule],
        _ told: inout (rule: ThrottleRule, standing: Standing)?
    ) -> Refusal? {
        var limits = InlineArray<8, RateLimit>(repeating: Self.blank)
        var count = 0
        for rule in rules {
            let key = rule.key ?? Self.key(of: rule.rule, caller, route, exchange, keys)
            limits[count] = RateLimit(key: key, rate: rule.rule.rate)
            count += 1
        }
        for rule in ofPlan {
            limits[count] = RateLimit(key: Self.key(of: rule, caller, route, exchange, keys), rate: rule.rate)
            count += 1
        }
        guard count > 0 else { return nil }
        let worker = exchange.worker
        let admission = throttle.admit(limits.span.extracting(0..<count), at: worker.now) { worker.now }
        let index = admission.limit
        let rule = index < rules.count ? rules[index].rule : ofPlan[index - rules.count]
        if admission.isAllowed {
            told = (rule, admission.standing)
            return nil
        }
        rule.refusals.add()
        return rule.policy.refusal(admission.standing)
    }

    /// How many limits the route has itself.
    var ruleCount: Int { rules.count }

    func rule(_ index: Int) -> ThrottleRule { rules[index].rule }

    /// The bucket of a limit, by its place among the route's and then the plan's.
    func key(_ index: Int, _ ofPlan: [ThrottleRule], _ caller: Caller?, _ exchange: Exchange) -> BucketKey {
        let own = index < rules.count ? rules[index] : Rule(rule: ofPlan[index - rules.count], key: nil)
        return own.key ?? Self.key(of: own.rule, caller, route, exchange, keys)
    }

    func admit(_ limits: Span<RateLimit>, at now: UInt64, _ worker: WorkerContext) -> Admission {
        throttle.admit(limits, at: now) { worker.now }
    }

    /// The bucket of a limit: a hash of its number and of all that it counts by. Who is not known counts by the address.
    private static func key(
        of rule: ThrottleRule,
        _ caller: Caller?,
        _ route: Place,
        _ exchange: Exchange?,
        _ keys: BucketKeys
    ) -> BucketKey {
        var number = rule.number
        var key = BucketKey(place: number, mark: number)
        for trait in rule.traits {
            let value: BucketKey
            switch trait {
            case .api: value = route.apiKey
            case .route: value = route.routeKey
            default:
                value = caller?.key(of: trait) ?? address(of: exchange, keys)
            }
            key = keys.key(limit: number, of: value)
            number = key.place
        }
        return key
    }

    private static func address(of exchange: Exchange?, _ keys: BucketKeys) -> BucketKey {
        keys.key(limit: LimitCounts.Domain.address.rawValue, address: exchange?.clientAddress ?? PeerAddress())
    }

    // MARK: Quotas

    /// Takes a call out of each quota.
    /// - Returns: `nil` when one has to be looked up; the exchange is resumed then.
    private func passQuotas(
        _ quotas: [QuotaRule],
        from first: Int,
        _ caller: Caller,
        _ tickets: CallTickets,
        _ exchange: Exchange
    ) -> Verdict? {
        guard let keeper = plan.keeper else { return refuse(Self.unavailable, tickets) }
        for index in first..<quotas.count {
            let rule = quotas[index]
            let reserve = caller.reserve(index, rule, route: route, keeper)
            let take = reserve.take(at: Self.second())
            if take.isWait {
                wait(for: reserve, quotas, index, caller, tickets, exchange)
                return nil
            }
            if let refusal = hold(take, of: reserve, rule, tickets) { return refuse(refusal, tickets) }
        }
        if tickets.isEmpty { tickets.settle(counts: true) } else { exchange.limits = tickets }
        return .next
    }

    private func refuse(_ refusal: Refusal, _ tickets: CallTickets) -> Verdict {
        tickets.settle(counts: false)
        return .refuse(refusal)
    }

    /// Keeps what was taken, or says why nothing was.
    private func hold(
        _ take: consuming QuotaTake,
        of reserve: QuotaReserve,
        _ rule: QuotaRule,
        _ tickets: CallTickets
    ) -> Refusal? {
        switch consume take {
        case .taken(let ticket):
            tickets.hold(ticket)
            let (remaining, end) = reserve.standing
            tickets.tell(rule.policy, remaining: remaining, reset: Int(max(0, end - Self.second())))
            return nil
        case .exhausted(let end):
            rule.refusals.add()
            return rule.policy.quotaRefusal(wait: Int(clamping: end - Self.second()))
        case .wait: return refusalOfUncounted()
        case .unavailable: return refusalOfUncounted()
        }
    }

    /// What becomes of a call whose quota can't be asked.
    private func refusalOfUncounted() -> Refusal? {
        guard plan.opensOnFailure else { return Self.unavailable }
        counts.uncounted.wrappingAdd(1, ordering: .relaxed)
        return nil
    }

    private func wait(
        for reserve: QuotaReserve,
        _ quotas: [QuotaRule],
        _ index: Int,
        _ caller: Caller,
        _ tickets: CallTickets,
        _ exchange: Exchange
    ) {
        let call = exchange.callNumber
        reserve.wait(on: exchange.worker.eventLoop, within: Self.patience, clock: Self.second) { [self] take in
            let refusal = hold(take, of: reserve, quotas[index], tickets)
            // The client may have left, and its exchange serve another call.
            guard exchange.callNumber == call else { return tickets.settle(counts: false) }
            let verdict =
                refusal.map { refuse($0, tickets) }
                ?? passQuotas(quotas, from: index + 1, caller, tickets, exchange)
            if let verdict { exchange.resume(with: verdict) }
        }
    }

    private static let unavailable = Refusal(
        status: 503,
        cause: "quota.unavailable",
        fields: [ReplyField("Retry-After", "1")]
    )

    /// Since 1970.
    @Sendable private static func second() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }
}

extension WorkerContext {
    fileprivate func callers(_ key: StepMemoryKey) -> CallerMemory {
        if let known = memory(of: key) as? CallerMemory { return known }
        let made = CallerMemory()
        remember(made, under: key)
        return made
    }
}
