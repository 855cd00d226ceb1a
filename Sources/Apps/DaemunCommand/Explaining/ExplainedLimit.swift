import Model
import Quotas

/// A limit or quota that calls of a route stand under.
struct ExplainedLimit: Encodable {
    var name: String
    /// `100/s, 200 at once, per customer`, or `10000/month, zone UTC`.
    var amount: String
    /// `service`, `api shop`, `route`, or `plan gold` for customers who have it.
    var place: String

    /// The limits that a route's calls stand under, those of plans included where callers are known.
    /// - Parameter customer: who calls; `nil` for any, who may have any plan.
    static func all(
        on route: Route,
        of api: HTTPAPI,
        in model: Model,
        for customer: Customer?
    ) -> [ExplainedLimit] {
        var limits: [ExplainedLimit] = []
        if let own = route.throttle {
            limits += model.throttle.map { ExplainedLimit($0, place: "service") }
            limits += api.throttle.map { ExplainedLimit($0, place: "api \(api.name)") }
            limits += own.map { ExplainedLimit($0, place: "route") }
        }
        guard route.access != nil else { return limits }
        for plan in model.plans where customer == nil || customer?.plan == plan.name {
            let place = "plan \(plan.name)"
            if route.throttle != nil { limits += plan.throttle.map { ExplainedLimit($0, place: place) } }
            limits += plan.quotas.map { ExplainedLimit($0, place: place) }
        }
        return limits
    }

    private init(_ limit: ThrottleLimit, place: String) {
        let traits = limit.traits.isEmpty ? "" : ", per " + limit.traits.map(\.description).joined(separator: " and ")
        let shared = limit.sharedOnFailure == nil ? "" : ", shared"
        name = limit.name
        amount = "\(limit.rate), \(limit.burst) at once\(traits)\(shared)"
        self.place = place
    }

    private init(_ quota: CallQuota, place: String) {
        name = quota.name
        let route = quota.isPerRoute ? ", per route" : ""
        amount = "\(quota.amount), zone \(quota.timeZone)\(route)"
        self.place = place
    }
}
