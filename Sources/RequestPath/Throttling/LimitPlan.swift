public import Exchange
public import Model
import Synchronization

/// The limits of a model on speed and number of calls, compiled for all workers: gives each route its step.
public final class LimitPlan: Sendable {
    /// A claim or label that limits count by.
    struct Fact: Sendable, Hashable {
        var isClaim: Bool
        var name: String
    }

    /// `nil` while nothing is limited, now or before.
    let counts: LimitCounts?
    let keeper: QuotaKeeper?
    /// Who leases the tokens of shared rates.
    let rates: SharedRates?
    /// Whether calls pass whose quota can't be asked.
    let opensOnFailure: Bool
    let facts: [Fact]
    let customers: [String: CustomerLimits]
    /// Under which each worker remembers callers.
    let memory = StepMemoryKey()
    private let service: [ThrottleRule]
    private let mostOfPlans: Int
    /// Whether steps of routes without limits of their own differ all the same.
    private let isRouteNamed: Bool

    /// Compiles the limits of a model.
    /// - Parameters:
    ///   - keeper: of quotas; without one, calls that stand under a quota are answered 503.
    ///   - rates: of limits that are shared; without them, each does what its `on_failure` says.
    ///   - former: what this replaces; what was counted goes on.
    /// - Throws: all faults at once.
    public init(
        _ model: Model,
        keeper: QuotaKeeper?,
        rates: SharedRates? = nil,
        former: LimitPlan? = nil
    ) throws(Faults) {
        self.keeper = keeper
        self.rates = rates
        opensOnFailure = model.opensQuotasOnFailure
        let limits =
            model.throttle + model.plans.flatMap(\.throttle)
            + model.apis.flatMap { api in api.throttle + api.routes.flatMap { $0.throttle ?? [] } }
        let isLimited = !limits.isEmpty || model.plans.contains { !$0.quotas.isEmpty }
        counts = former?.counts ?? (isLimited ? LimitCounts() : nil)
        facts = Self.facts(in: limits)
        var faults: [Fault] = []
        var service: [ThrottleRule] = []
        var customers: [String: CustomerLimits] = [:]
        if let counts {
            do throws(Fault) {
                service = try Self.rules(model.throttle, place: "service", facts, counts)
            } catch {
                faults.append(error)
            }
            for plan in model.plans {
                do throws(Fault) {
                    let place = "plan \(plan.name)"
                    var quotas: [QuotaRule] = []
                    for quota in plan.quotas { quotas.append(try QuotaRule(quota, place: place, counts)) }
                    customers[plan.name] = CustomerLimits(
                        throttle: try Self.rules(plan.throttle, place: place, facts, counts),
                        quotas: quotas
                    )
                } catch {
                    faults.append(error)
                }
            }
        }
        guard faults.isEmpty else { throw Faults(faults) }
        self.service = service
        self.customers = customers
        mostOfPlans = customers.values.map(\.throttle.count).max() ?? 0
        isRouteNamed =
            (model.throttle + model.plans.flatMap(\.throttle)).contains { $0.traits.contains(.route) }
            || model.plans.contains { $0.quotas.contains(where: \.isPerRoute) }
    }

    /// Under which keys the workers remember callers.
    public var memories: Set<StepMemoryKey> { [memory] }

    /// How many calls each limit has refused, those of former configurations included.
    public var refusals: [LimitRefusals] { counts?.allRefusals ?? [] }

    /// How many calls were refused since there was no place left to count them.
    public var refusedWithoutPlace: Int {
        (counts?.buckets.refusedWithoutPlace ?? 0) + (rates?.refusedWithoutPlace ?? 0)
    }

    /// How many calls stood under a shared limit while Redis could not be asked, by what the limit does then.
    public func decidedAlone(_ rule: ThrottleLimit.FailureRule) -> Int { counts?.alone(rule).current ?? 0 }

    /// How many calls have passed since their quota could not be asked.
    public var uncounted: Int { counts?.uncounted.load(ordering: .relaxed) ?? 0 }

    /// Finds what would be at fault in a plan when it is compiled.
    /// - Throws: all faults at once.
    public static func check(_ plan: UsagePlan) throws(Faults) {
        var faults: [Fault] = []
        for limit in plan.throttle {
            do throws(Fault) {
                _ = try (ThrottleRule.rate(of: limit), ThrottleRule.policy(of: limit))
                if limit.sharedOnFailure != nil { _ = try SharedRule.shape(of: limit) }
            } catch {
                faults.append(error)
            }
        }
        for quota in plan.quotas {
            do throws(Fault) { _ = try (QuotaRule.quota(of: quota), QuotaRule.policy(of: quota)) } catch {
                faults.append(error)
            }
        }
        guard faults.isEmpty else { throw Faults(faults) }
    }

    /// The step of a route; `nil` when nothing limits it. Routes that are limited alike may share one.
    /// - Parameter shared: that of another route of the same API, which is given back when it is the same.
    /// - Throws: what is wrong with the route's limits.
    public func step(for route: Route, of api: HTTPAPI, shared: EnforceLimits?) throws(Fault) -> EnforceLimits? {
        guard let counts else { return nil }
        let plans = route.access == nil ? [:] : customers
        let isPlain = route.throttle == [] && !isRouteNamed && !api.throttle.contains { $0.traits.contains(.route) }
        if let shared, isPlain, shared.isShared, shared.looksAtPlans == !plans.isEmpty { return shared }
        var rules: [ThrottleRule] = []
        if let own = route.throttle {
            rules =
                try service + Self.rules(api.throttle, place: "api \(api.countedName)", facts, counts)
                + Self.rules(own, place: "route \(api.countedName) \(api.countedRoute(route))", facts, counts)
        }
        guard !rules.isEmpty || !plans.isEmpty else { return nil }
        guard rules.count + mostOfPlans <= Throttle.mostLimits else {
            throw Fault("calls would stand under more than \(Throttle.mostLimits) limits here", at: route.source)
        }
        return EnforceLimits(
            plan: self,
            counts: counts,
            rules: rules,
            route: EnforceLimits.Place(api: api.countedName, route: api.countedRoute(route), counts.keys),
            looksAtPlans: !plans.isEmpty,
            liftsRates: route.throttle == nil,
            isShared: isPlain
        )
    }

    // MARK: Pieces

    private static func facts(in limits: [ThrottleLimit]) -> [Fact] {
        var facts: [Fact] = []
        for trait in limits.flatMap(\.traits) {
            let fact: Fact
            switch trait {
            case .claim(let name): fact = Fact(isClaim: true, name: name)
            case .label(let name): fact = Fact(isClaim: false, name: name)
            default: continue
            }
            if !facts.contains(fact) { facts.append(fact) }
        }
        return facts
    }

    private static func rules(
        _ limits: [ThrottleLimit],
        place: String,
        _ facts: [Fact],
        _ counts: LimitCounts
    ) throws(Fault) -> [ThrottleRule] {
        var rules: [ThrottleRule] = []
        for limit in limits {
            let traits = limit.traits.map { trait(of: $0, facts) }
            rules.append(try ThrottleRule(limit, place: place, traits: traits, counts))
        }
        return rules
    }

    private static func trait(of trait: ThrottleLimit.Trait, _ facts: [Fact]) -> RuleTrait {
        switch trait {
        case .api: .api
        case .route: .route
        case .customer: .customer
        case .address: .address
        case .subject: .subject
        case .claim(let name): .fact(facts.firstIndex(of: Fact(isClaim: true, name: name)) ?? 0)
        case .label(let name): .fact(facts.firstIndex(of: Fact(isClaim: false, name: name)) ?? 0)
        }
    }
}

extension HTTPAPI {
    /// Under what the API's calls are counted: those of all its versions together, those of its sandbox apart.
    fileprivate var countedName: String { isSandbox ? "sandbox \(name)" : name }

    /// Under what a route's calls are counted, those of each version apart.
    fileprivate func countedRoute(_ route: Route) -> String {
        (version.map { "\($0.name) " } ?? "") + "\(route.key)"
    }
}
