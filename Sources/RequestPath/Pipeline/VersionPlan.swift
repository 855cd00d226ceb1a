import Authorization
import Exchange
import Listen
import Model
import Routing

/// What is done for a version of an API between finding the API and taking the route.
final class VersionPlan: Sendable {
    /// What every answer of the version says.
    let fields: ResponseFields?
    /// When the version ends, in seconds since 1970, and what is answered then; `nil` for one that stays.
    let sunset: (time: Double, refusal: Refusal)?
    /// Finds out who calls and then chooses the version, on paths that have `depth` segments of base path; `nil` where none is pinned.
    let choice: (plan: Plan, depth: Int)?

    init(_ version: APIVersion, choice: (plan: Plan, depth: Int)?) {
        var fields: [ReplyField] = []
        var relations: [String] = []
        if let time = version.deprecatedAt {
            fields.append(ReplyField("Deprecation", "@\(time)"))
            relations.append("deprecation")
        }
        if let time = version.sunsetAt {
            fields.append(ReplyField("Sunset", HTTPDate.text(of: time)))
            relations.append("sunset")
        }
        if let link = version.link, !relations.isEmpty {
            fields.append(ReplyField("Link", "<\(link)>; rel=\"\(relations.joined(separator: " "))\""))
        }
        self.fields = fields.isEmpty ? nil : ResponseFields(fields, keeping: ["link"])
        sunset = version.sunsetAt.map { time in
            let message = "version \(version.name) of this API ended on \(HTTPDate.text(of: time))"
            return (Double(time), Refusal(status: 410, cause: "version.sunset", message: message))
        }
        self.choice = choice
    }

    /// Whether the version has ended.
    var isOver: Bool { sunset.map { SystemTime.seconds() >= $0.time } ?? false }
}

/// Which version of an API customers get on paths that name none.
final class VersionChoice: Sendable {
    /// That of the snapshot in which the APIs have their positions.
    let revision: Int
    /// How many segments of such a path the base path covers.
    let depth: Int
    private let byCustomer: [String: Int]
    private let fallback: Int

    init(revision: Int, depth: Int, byCustomer: [String: Int], fallback: Int) {
        self.revision = revision
        self.depth = depth
        self.byCustomer = byCustomer
        self.fallback = fallback
    }

    /// The position of the API that is the version for a customer.
    func api(for customer: String?) -> Int { customer.flatMap { byCustomer[$0] } ?? fallback }
}

extension VersionPlan {
    /// The versions among which a customer's is found.
    private struct Family: Hashable {
        var api: String
        var isSandbox: Bool
    }

    /// What is done for the APIs of a model, by their position; empty when none has versions.
    static func plans(
        of model: Model,
        revision: Int,
        authorization: AuthorizationPlan,
        _ faults: inout [Fault]
    ) -> ContiguousArray<VersionPlan?> {
        guard model.apis.contains(where: { $0.version != nil }) else { return [] }
        var pins: [Family: [String: Int]] = [:]
        for (isSandbox, customers) in [(false, model.customers), (true, model.sandboxCustomers)] {
            var positions: [VersionPin: Int] = [:]
            for (index, api) in model.apis.enumerated() where api.isSandbox == isSandbox {
                if let version = api.version { positions[VersionPin(api: api.name, version: version.name)] = index }
            }
            for customer in customers + model.liveCustomers {
                for pin in customer.versions {
                    guard let position = positions[pin] else { continue }
                    pins[Family(api: pin.api, isSandbox: isSandbox), default: [:]][customer.id] = position
                }
            }
        }
        var plans: ContiguousArray<VersionPlan?> = []
        for (index, api) in model.apis.enumerated() {
            var choice: (plan: Plan, depth: Int)?
            if let path = api.unversionedPath, let access = api.access,
                let pinned = pins[Family(api: api.name, isSandbox: api.isSandbox)]
            {
                let depth = path.segments.count
                let versions = VersionChoice(revision: revision, depth: depth, byCustomer: pinned, fallback: index)
                do throws(Fault) {
                    let step = try authorization.identification(for: api, by: access)
                    choice = (Plan(identity: nil, steps: [step], integration: .version(versions)), depth)
                } catch {
                    faults.append(error)
                }
            }
            plans.append(api.version.map { VersionPlan($0, choice: choice) })
        }
        return plans
    }
}
