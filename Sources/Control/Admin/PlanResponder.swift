import CustomerStore
import Foundation
import HTTPTypes
import Model

/// Answers what operators ask about plans, and does what they want done.
///
/// | request | does |
/// |---|---|
/// | `GET /plans` | tells all of them, those of the file included |
/// | `GET`, `PUT`, `DELETE /plans/NAME` | tells, sets, removes one; the body of `PUT` is what the file would say |
struct PlanResponder: Sendable {
    let plans: any PlanAdministration

    /// The answer to a request.
    /// - Parameter path: what comes after `/plans`, in its parts, decoded.
    func answer(_ method: HTTPRequest.Method, _ path: [String], body: [UInt8]) async -> AdminAnswer {
        do {
            switch (method, path.count) {
            case (.get, 0), (.head, 0):
                return AdminAnswer(.ok, json: ["plans": try await plans.allPlans().map(Self.report)])
            case (.get, 1), (.head, 1): return AdminAnswer(.ok, json: try await object(path[0]))
            case (.put, 1): return try await put(path[0], body)
            case (.delete, 1):
                try await plans.removePlan(path[0])
                return AdminAnswer(.noContent, type: nil, body: "")
            default: return AdminAnswer(.notFound, complaint: "there is no such request about plans")
            }
        } catch let refusal as Refused {
            return AdminAnswer(.badRequest, complaint: refusal.reason)
        } catch let faults as Faults {
            return AdminAnswer(.badRequest, complaint: faults.all.map(\.description).joined(separator: "; "))
        } catch let declared as DeclaredInFile {
            let rule = "the plan \(declared.id) stands in the configuration file: change it there"
            return AdminAnswer(.conflict, complaint: rule)
        } catch let error as CustomersNotShared {
            return AdminAnswer(.serviceUnavailable, complaint: CustomerResponder.sentence(error, about: "plans"))
        } catch let fault as PlanStoreFault {
            return Self.answer(fault)
        } catch {
            return AdminAnswer(.internalServerError, complaint: "the store of plans fails: \(error)")
        }
    }

    private func put(_ name: String, _ body: [UInt8]) async throws -> AdminAnswer {
        let isNew = try await plans.putPlan(name, settings: CustomerResponder.settings(body))
        return AdminAnswer(isNew ? .created : .ok, json: try await object(name))
    }

    private func object(_ name: String) async throws -> [String: Any] {
        guard let plan = try await plans.allPlans().first(where: { $0.name == name }) else {
            throw PlanStoreFault.unknownPlan(name)
        }
        return Self.report(plan)
    }

    // MARK: Answers

    private static func answer(_ fault: PlanStoreFault) -> AdminAnswer {
        switch fault {
        case .unknownPlan(let name): return AdminAnswer(.notFound, complaint: "there is no plan \(name) here")
        case .planInUse(let name, let count):
            let who = count == 1 ? "1 customer has" : "\(count) customers have"
            return AdminAnswer(.conflict, complaint: "\(who) the plan \(name): give them another one first")
        case .tooManyPlans:
            return AdminAnswer(
                .conflict,
                complaint: "there are at most \(CustomerStore.mostPlans) plans: remove one first"
            )
        }
    }

    private static func report(_ plan: ManagedPlan) -> [String: Any] {
        var object: [String: Any] = ["name": plan.name]
        switch plan.place {
        case .file(let declared):
            object["source"] = "file"
            object["settings"] = settings(of: declared)
        case .store(let record):
            object["source"] = "store"
            let settings = try? JSONSerialization.jsonObject(with: Data(record.settings.utf8))
            object["settings"] = settings ?? [:] as [String: Any]
            object["created_at"] = CustomerResponder.text(record.createdAt)
            object["changed_at"] = CustomerResponder.text(record.changedAt)
        }
        if !plan.faults.isEmpty { object["faults"] = plan.faults }
        return object
    }

    /// What the file would say, with everything that may be left out.
    private static func settings(of plan: UsagePlan) -> [String: Any] {
        var settings: [String: Any] = [:]
        let throttle: [[String: Any]] = plan.throttle.map { limit in
            var written: [String: Any] = [
                "name": limit.name, "rate": limit.rate, "burst": limit.burst, "per": limit.traits.map(\.description),
            ]
            if let onFailure = limit.sharedOnFailure {
                written["shared"] = true
                written["on_failure"] = onFailure.rawValue
            }
            return written
        }
        let quotas: [[String: Any]] = plan.quotas.map { quota in
            [
                "name": quota.name, "calls": quota.amount, "zone": quota.timeZone,
                "per": quota.isPerRoute ? "route" : "customer",
            ]
        }
        if !throttle.isEmpty { settings["throttle"] = throttle }
        if !quotas.isEmpty { settings["quota"] = quotas }
        return settings
    }
}
