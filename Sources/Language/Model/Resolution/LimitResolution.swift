import Quotas

/// Makes limits of what is said about them: gives names, and says what can't stand where.
struct LimitResolution {
    /// The most limits that one call may stand under.
    static let most = 8

    /// Whether a server is named that gateways share.
    var hasRedis = false
    private(set) var faults: [Fault] = []

    /// Where limits stand.
    enum Place {
        case service
        case api
        case route
        case plan(String)

        /// What limits are called here that say nothing else.
        fileprivate var name: String {
            switch self {
            case .service: "service"
            case .api: "api"
            case .route: "route"
            case .plan(let name): name
            }
        }

        fileprivate func takes(_ trait: ThrottleLimit.Trait) -> Bool {
            switch (self, trait) {
            case (.api, .api), (.route, .api), (.route, .route): false
            default: true
            }
        }
    }

    /// The limits of a place.
    mutating func limits(from declarations: [Located<ThrottleDeclaration>], in place: Place) -> [ThrottleLimit] {
        var limits: [ThrottleLimit] = []
        for declaration in declarations {
            let value = declaration.value
            var traits: [ThrottleLimit.Trait] = []
            for trait in value.traits ?? [] {
                if !place.takes(trait.value) {
                    let text = "\(trait.value)"
                    faults.add("all calls that this limit counts are of one \(text)", at: trait.location, text: text)
                }
                if !traits.contains(trait.value) { traits.append(trait.value) }
            }
            let name = value.name ?? ([place.name] + traits.map(Self.word)).joined(separator: "-")
            if case .plan = place { traits = [.customer] + traits.filter { $0 != .customer } }
            if limits.contains(where: { $0.name == name }) {
                let rule = "two limits here have this name; give one another \"name\""
                faults.add(rule, at: declaration.location, text: name)
            }
            limits.append(
                ThrottleLimit(
                    name: name,
                    requests: value.rate.requests,
                    period: value.rate.period,
                    burst: value.burst ?? value.rate.requests,
                    traits: traits,
                    sharedOnFailure: sharing(of: value),
                    source: declaration.location
                )
            )
        }
        return limits
    }

    /// What a limit does while Redis is away; `nil` for one that is not shared.
    private mutating func sharing(of declaration: ThrottleDeclaration) -> ThrottleLimit.FailureRule? {
        guard let shared = declaration.shared, shared.value else {
            if let onFailure = declaration.onFailure {
                let rule = "only a limit that is shared can lose what it is shared by; say \"shared: true\", too"
                faults.add(rule, at: onFailure.location, text: onFailure.value.rawValue)
            }
            return nil
        }
        if !hasRedis {
            faults.add("gateways share limits in Redis; name the server with \"redis\"", at: shared.location)
        }
        return declaration.onFailure?.value ?? .local
    }

    /// What stands in the name of a limit for a trait: claims may have names that no name can have.
    private static func word(_ trait: ThrottleLimit.Trait) -> String {
        switch trait {
        case .claim(let name), .label(let name):
            String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        default: trait.description
        }
    }

    /// A plan.
    mutating func plan(from declaration: Named<String, PlanDeclaration>) -> UsagePlan? {
        guard let value = declaration.value else { return nil }
        var quotas: [CallQuota] = []
        for located in value.quotas {
            let quota = located.value
            let name = quota.name ?? quota.amount.period.rawValue + (quota.isPerRoute ? "-route" : "")
            if quotas.contains(where: { $0.name == name }) {
                let rule = "two quotas here have this name; give one another \"name\""
                faults.add(rule, at: located.location, text: name)
            }
            quotas.append(
                CallQuota(
                    name: name,
                    calls: quota.amount.calls,
                    period: quota.amount.period,
                    timeZone: quota.timeZone,
                    isPerRoute: quota.isPerRoute,
                    source: located.location
                )
            )
        }
        return UsagePlan(
            name: declaration.key,
            throttle: limits(from: value.throttle, in: .plan(declaration.key)),
            quotas: quotas,
            source: declaration.location
        )
    }

    /// Notes routes on which calls stand under more limits than there may be.
    mutating func checkCount(of model: Model) {
        let inPlan = model.plans.map(\.throttle.count).max() ?? 0
        for plan in model.plans where plan.quotas.count > Self.most {
            guard let source = plan.source else { continue }
            faults.add("a plan has at most \(Self.most) quotas", at: source, text: plan.name)
        }
        for api in model.apis {
            for route in api.routes {
                guard let own = route.throttle else { continue }
                let count = model.throttle.count + api.throttle.count + own.count + inPlan
                guard count > Self.most, let source = route.source else { continue }
                let rule = "calls would stand under \(count) limits here, a plan's included; \(Self.most) is the most"
                faults.add(rule, at: source, text: route.key.description)
                // One for each API says enough.
                break
            }
        }
    }
}
