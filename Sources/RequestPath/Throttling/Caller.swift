import Exchange
import Quotas

/// A caller as limits know it: the hashes of what is known of it, its plan, and its reserves. Confined to a worker's loop, and
/// kept for the caller's next call.
final class Caller {
    let principal: Principal
    let limits: CustomerLimits?
    private let customer: BucketKey?
    private let subject: BucketKey?
    private let facts: [BucketKey?]
    /// In the order of the plan's quotas; those that count by route have a place, too.
    private var reserves: [QuotaReserve?]
    private var routeReserves: [String: [QuotaReserve?]] = [:]

    /// The most routes whose reserves are kept at hand.
    private static let mostRoutes = 256

    init(_ principal: Principal, _ plan: LimitPlan, _ keys: BucketKeys) {
        self.principal = principal
        limits = principal.plan.flatMap { plan.customers[$0] }
        customer = Self.key(of: principal.countedCustomer, .customer, keys)
        subject = Self.key(of: principal.subject, .subject, keys)
        facts = plan.facts.enumerated().map { index, fact in
            let value = fact.isClaim ? principal.claim(fact.name) : principal.label(fact.name)
            return value.map { keys.key(limit: LimitCounts.Domain.fact.rawValue + UInt64(index), value: $0.utf8.span) }
        }
        reserves = Array(repeating: nil, count: limits?.quotas.count ?? 0)
    }

    private static func key(of value: String?, _ domain: LimitCounts.Domain, _ keys: BucketKeys) -> BucketKey? {
        value.map { keys.key(limit: domain.rawValue, value: $0.utf8.span) }
    }

    /// The hash of what a limit counts by; `nil` when that is not known of the caller.
    func key(of trait: RuleTrait) -> BucketKey? {
        switch trait {
        case .customer: customer
        case .subject: subject
        case .fact(let index): facts[index]
        case .address, .api, .route: nil
        }
    }

    /// The reserve for a quota of the plan, by its place there.
    func reserve(_ index: Int, _ rule: QuotaRule, route: EnforceLimits.Place, _ keeper: QuotaKeeper) -> QuotaReserve {
        let known = rule.isPerRoute ? routeReserves[route.name]?[index] : reserves[index]
        if let known { return known }
        var subject = principal.countedCustomer ?? ""
        if rule.isPerRoute { subject += " " + route.name }
        let reserve = keeper.reserve(for: QuotaKey(quota: rule.quota.name, subject: subject), rule.quota)
        if rule.isPerRoute {
            if routeReserves.count >= Self.mostRoutes { routeReserves = [:] }
            var ofRoute = routeReserves[route.name] ?? reserves.map { _ in nil }
            ofRoute[index] = reserve
            routeReserves[route.name] = ofRoute
        } else {
            reserves[index] = reserve
        }
        return reserve
    }
}

/// The callers of a worker that called last, by their principals, and what calls hold while they last. Confined to the worker's loop.
final class CallerMemory {
    /// A power of two. One that has called last takes the place of another whose principal lies at a similar address.
    private static let places = 4_096

    private var callers = ContiguousArray<Caller?>(repeating: nil, count: places)
    private var tickets = Spares<CallTickets>(limit: 256)
    /// Of rates that other nodes count, too.
    var reserves = ReserveMemory()

    func caller(of principal: Principal, _ plan: LimitPlan, _ keys: BucketKeys) -> Caller {
        let address = UInt(bitPattern: ObjectIdentifier(principal))
        // Objects lie at multiples of 16; multiplying spreads them (Knuth, 6.4).
        let place = Int(truncatingIfNeeded: (address >> 4 &* 0x9E37_79B9_7F4A_7C15) >> 52) & (Self.places - 1)
        // The entry keeps its principal, so no other can have come to the same address.
        if let known = callers[place], known.principal === principal { return known }
        let caller = Caller(principal, plan, keys)
        callers[place] = caller
        return caller
    }

    func takeTickets() -> CallTickets {
        let taken = tickets.take() ?? CallTickets()
        taken.memory = self
        return taken
    }

    func give(_ used: CallTickets) { tickets.give(used) }
}
