import Foundation
import Model
import NIOHTTP1

/// What the store of the running gateway adds to its configuration: plans, and a customer. The gateway is asked, as it alone knows
/// what of them counts.
struct StoreInquiry: Sendable {
    /// The configuration with the plans of the store, and with what the customer has of its own.
    private(set) var model: Model
    /// The customer that was asked for, when the store has it.
    private(set) var customer: Customer?
    /// Why the store, or a part of it, is not looked at; `nil` when it is, or there is none.
    private(set) var notice: String?

    /// The configuration alone.
    init(_ model: Model) { self.model = model }

    /// What the gateway tells.
    /// - Parameter customer: the id of one who does not stand in the configuration.
    func asked(of customer: String?) async -> StoreInquiry {
        var inquiry = self
        await inquiry.ask(of: customer)
        return inquiry
    }

    private mutating func ask(of customer: String?) async {
        do throws(CommandFailure) {
            let client = try AdminClient(model)
            let listed = try await Self.ask(client, "/plans")?["plans"] as? [[String: Any]] ?? []
            for plan in listed where plan["source"] as? String == "store" && plan["faults"] == nil { add(plan) }
            guard let customer else { return }
            guard let known = try await Self.ask(client, "/customers/\(customer.pathSegment)") else { return }
            add(known, id: customer)
        } catch {
            notice = "not looked at: \(error.problem)"
        }
    }

    private mutating func add(_ plan: [String: Any]) {
        let name = plan["name"] as? String ?? ""
        do throws(Faults) {
            model.plans.append(try PlanSettings(name: name, settings: Self.settings(of: plan)).plan)
        } catch {
            notice = "the plan \(name) can't be read here: \(Self.text(error.all.map(\.description)))"
        }
    }

    private mutating func add(_ known: [String: Any], id: String) {
        do throws(Faults) {
            let settings = try CustomerSettings(id: id, settings: Self.settings(of: known))
            model.add([settings])
            customer = model.liveCustomers.first { $0.id == id } ?? settings.customer
        } catch {
            notice = "the customer can't be read here: \(Self.text(error.all.map(\.description)))"
        }
        guard let faults = known["faults"] as? [String] else { return }
        notice = "the customer is suspended, being at fault: \(Self.text(faults))"
    }

    private static func text(_ faults: [String]) -> String { faults.joined(separator: "; ") }

    /// What the gateway has written of a plan or customer.
    private static func settings(of object: [String: Any]) -> String {
        let data = try? JSONSerialization.data(withJSONObject: object["settings"] ?? [:] as [String: Any])
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    /// - Returns: `nil` when the gateway has no such thing.
    private static func ask(_ client: AdminClient, _ target: String) async throws(CommandFailure) -> [String: Any]? {
        let answer = try await client.send(.GET, target)
        if answer.status == 404 { return nil }
        let object = try? JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
        guard answer.status == 200, let object else {
            throw CommandFailure(problem: "the gateway answered \(answer.status)")
        }
        return object
    }
}
