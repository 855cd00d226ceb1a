import Model
import Quotas
import Synchronization

/// A limit on speed, compiled.
final class ThrottleRule: Sendable {
    let rate: Rate
    let policy: LimitPolicy
    let refusals: RefusalCount
    /// Tells the limit's buckets from those of others.
    let number: UInt64
    let traits: [RuleTrait]
    /// `nil` for a limit that this node counts by itself.
    let shared: SharedRule?

    init(_ limit: ThrottleLimit, place: String, traits: [RuleTrait], _ counts: LimitCounts) throws(Fault) {
        rate = try Self.rate(of: limit)
        policy = try Self.policy(of: limit)
        refusals = counts.refusals(of: limit.name, place: place, cause: .throttle)
        number = counts.number(of: limit.name, place: place)
        self.traits = traits
        if let onFailure = limit.sharedOnFailure {
            shared = try SharedRule(limit, onFailure, place: place, counts)
        } else {
            shared = nil
        }
    }

    static func rate(of limit: ThrottleLimit) throws(Fault) -> Rate {
        do throws(RateFault) {
            return try Rate(requests: limit.requests, per: limit.period, burst: limit.burst)
        } catch {
            throw Fault(sentence(error), at: limit.source, text: "\(limit.requests) in \(limit.period) s")
        }
    }

    static func policy(of limit: ThrottleLimit) throws(Fault) -> LimitPolicy {
        try LimitPolicy(naming: limit.name, quota: limit.requests, window: limit.period, at: limit.source)
    }

    private static func sentence(_ fault: RateFault) -> String {
        switch fault {
        case .noRequests: "a rate has at least one call"
        case .period: "a rate's period is a second to 31 days"
        case .noBurst: "a burst is at least one call"
        case .tooFast: "a rate is at most \(Rate.mostPerSecond) calls a second"
        case .burstTooLong: "at this rate the burst would take more than 31 days"
        }
    }
}

/// What a compiled limit counts by.
enum RuleTrait: Sendable {
    case api
    case route
    case customer
    case address
    case subject
    /// A claim or label, by its place in `LimitPlan.facts`.
    case fact(Int)

    /// Whether it is the same for all calls of a route.
    var isOfRoute: Bool {
        switch self {
        case .api, .route: true
        default: false
        }
    }
}

/// A quota, compiled.
final class QuotaRule: Sendable {
    let quota: Quota
    let policy: LimitPolicy
    let refusals: RefusalCount
    let isPerRoute: Bool

    init(_ declared: CallQuota, place: String, _ counts: LimitCounts) throws(Fault) {
        quota = try Self.quota(of: declared)
        policy = try Self.policy(of: declared)
        refusals = counts.refusals(of: declared.name, place: place, cause: .quota)
        isPerRoute = declared.isPerRoute
    }

    static func quota(of declared: CallQuota) throws(Fault) -> Quota {
        do throws(UnknownTimeZone) {
            let calendar = try QuotaCalendar(timeZone: declared.timeZone)
            return Quota(name: declared.name, calls: declared.calls, period: declared.period, calendar: calendar)
        } catch {
            throw Fault("the system knows no such time zone", at: declared.source, text: declared.timeZone)
        }
    }

    static func policy(of declared: CallQuota) throws(Fault) -> LimitPolicy {
        try LimitPolicy(naming: declared.name, quota: declared.calls, window: nil, at: declared.source)
    }
}

extension LimitPolicy {
    fileprivate init(naming name: String, quota: Int, window: Int?, at source: SourceLocation?) throws(Fault) {
        do throws(LimitNameFault) {
            try self.init(name: name, quota: quota, window: window)
        } catch {
            throw Fault("a limit's name has 1…\(Self.longestName) printable ASCII characters", at: source, text: name)
        }
    }
}

/// A usage plan, compiled.
final class CustomerLimits: Sendable {
    let throttle: [ThrottleRule]
    let quotas: [QuotaRule]
    /// Whether other nodes count some of the rates, too.
    let sharesRates: Bool

    init(throttle: [ThrottleRule], quotas: [QuotaRule]) {
        self.throttle = throttle
        self.quotas = quotas
        sharesRates = throttle.contains { $0.shared != nil }
    }
}
