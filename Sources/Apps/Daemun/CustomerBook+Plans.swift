import Admin
import CustomerStore
import Model

extension CustomerBook: PlanAdministration {
    func allPlans() async throws -> [ManagedPlan] {
        let stored = try await store.plans()
        let declared = declaredPlans
        let ofStore = stored.filter { record in !declared.contains { $0.name == record.name } }
            .map { ManagedPlan(name: $0.name, place: .store($0), faults: reasonsAgainstPlan($0.name)) }
        let ofFile = declared.map { ManagedPlan(name: $0.name, place: .file($0), faults: reasonsAgainstPlan($0.name)) }
        return (ofFile + ofStore).sorted { $0.name < $1.name }
    }

    func putPlan(_ name: String, settings: String) async throws -> Bool {
        guard !isPlanDeclared(name) else { throw DeclaredInFile(id: name) }
        let missing = model.faults(in: try LivePlans.plan(name, settings))
        guard missing.isEmpty else { throw Faults(missing) }
        let isNew = try await store.putPlan(name, settings: settings)
        try await refresh()
        return isNew
    }

    func removePlan(_ name: String) async throws {
        // One of the store that does not count may go, whoever has the file's of the same name.
        let isDeclared = isPlanDeclared(name)
        do {
            try await store.removePlan(name, evenIfUsed: isDeclared)
        } catch let fault as PlanStoreFault {
            guard isDeclared, fault == .unknownPlan(name) else { throw fault }
            throw DeclaredInFile(id: name)
        }
        try await refresh()
    }

    private func reasonsAgainstPlan(_ name: String) -> [String] {
        plans.faults[name]?.all.map(\.description) ?? []
    }
}
