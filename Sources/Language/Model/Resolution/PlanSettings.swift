/// What the configuration file would say under a plan's name.
public struct PlanSettings: Sendable {
    /// The plan.
    public let plan: UsagePlan

    /// Reads a JSON or YAML text.
    /// - Parameters:
    ///   - name: the plan's name, as in the file.
    ///   - settings: the mapping; at most 64 KiB.
    /// - Throws: all faults at once, with line and column in `settings`.
    public init(name: String, settings: String) throws(Faults) {
        guard Shape<String>.isName(name) else {
            throw Faults([Fault("expected a name (letters, digits, - _ . and at most 64 of them)", text: name)])
        }
        guard settings.utf8.count <= Self.mostBytes else {
            throw Faults([Fault("a plan's settings have at most \(Self.mostBytes) bytes")])
        }
        var faults: [Fault] = []
        let place = SourceLocation(file: "settings", line: 1, column: 1)
        let parsed: YAMLNode?
        do throws(Fault) { parsed = try YAMLNode.parse(settings, file: place.file, &faults) } catch {
            throw Faults([error])
        }
        let node = parsed ?? YAMLNode(content: .mapping([]), location: place)
        let declaration = Shape<PlanDeclaration>.plan.read(node, &faults)
        var resolution = LimitResolution()
        // Whether it is there is seen when the plan is held against a model.
        resolution.hasRedis = true
        let plan = resolution.plan(from: Named(key: name, text: name, location: place, value: declaration))
        faults += resolution.faults
        guard faults.isEmpty, let plan else { throw Faults(faults) }
        self.plan = plan
    }

    private static let mostBytes = 64 << 10
}

extension Model {
    /// Why a plan can't be added to this model: calls of its customers would stand under too many limits, or nothing is there to
    /// share them by.
    public func faults(in plan: UsagePlan) -> [Fault] {
        var faults: [Fault] = []
        if redis == nil, let shared = plan.throttle.first(where: { $0.sharedOnFailure != nil }) {
            let rule = "gateways share limits in Redis; name the server with \"redis\" in the configuration"
            faults.append(Fault(rule, at: shared.source, text: shared.name))
        }
        if plan.quotas.count > LimitResolution.most {
            faults.append(
                Fault("a plan has at most \(LimitResolution.most) quotas", at: plan.source, text: plan.name)
            )
        }
        var most = (count: throttle.count, place: "")
        for api in apis {
            for route in api.routes {
                guard let own = route.throttle else { continue }
                let count = throttle.count + api.throttle.count + own.count
                if count > most.count { most = (count, " on \(route.key) of \(api.title)") }
            }
        }
        let count = most.count + plan.throttle.count
        if count > LimitResolution.most {
            let rule =
                "calls would stand under \(count) limits\(most.place), the plan's included; \(LimitResolution.most) is the most"
            faults.append(Fault(rule, at: plan.source, text: plan.name))
        }
        return faults
    }
}
