import Admin
import Authorization
import Credentials
import CustomerStore
import Model

extension CustomerBook: CustomerAdministration {
    func customers(after id: String, limit: Int) async throws -> [CustomerRecord] {
        try await store.customers(after: id, limit: limit)
    }

    func customer(_ id: String) async throws -> CustomerRecord? { try await store.customer(id) }

    func reasonsAgainst(_ id: String) -> [String] { faults[id]?.all.map(\.description) ?? [] }

    func put(_ id: String, settings: String) async throws -> Bool {
        let read = try CustomerSettings(id: id, settings: settings)
        // A plan may just have been put at another gateway.
        if !model.faults(in: read).isEmpty { try await catchUp() }
        let missing = model.faults(in: read)
        guard missing.isEmpty else { throw Faults(missing) }
        for known in [declared, table] { try known.check(read.customer) }
        let names = [read.customer.plan, read.sandbox?.plan].compactMap(\.self).filter { !isPlanDeclared($0) }
        do {
            return try await change(id) { try await $0.put(id, settings: settings, naming: names) }
        } catch PlanStoreFault.unknownPlan(let name) {
            throw Faults([Fault("the plan was removed meanwhile", text: name)])
        }
    }

    func remove(_ id: String) async throws { try await change(id) { try await $0.remove(id) } }

    func makeKey(_ id: String, of customer: String, isSandbox: Bool) async throws -> String {
        if isSandbox { try await checkSandbox(of: customer) }
        return try await change(customer) { try await $0.makeKey(id, of: customer, isSandbox: isSandbox) }
    }

    func removeKey(_ id: String, of customer: String) async throws {
        try await change(customer) { try await $0.removeKey(id, of: customer) }
    }

    func setPassword(_ password: String, of user: String, customer: String, isSandbox: Bool) async throws {
        guard !isUserDeclared(user) else { throw CustomerStoreFault.userExists(user) }
        if isSandbox { try await checkSandbox(of: customer) }
        // Takes a tenth of a second, and so not on this actor.
        let hash = await Task.detached { PasswordHash(of: Array(password.utf8)) }.value
        guard let hash else { throw Faults([Fault("this can't be a password")]) }
        try await change(customer) {
            try await $0.setPassword(hash, of: user, customer: customer, isSandbox: isSandbox)
        }
    }

    func removePassword(of user: String, customer: String) async throws {
        try await change(customer) { try await $0.removePassword(of: user, customer: customer) }
    }

    private func isUserDeclared(_ user: String) -> Bool {
        (model.customers + model.sandboxCustomers).contains { $0.passwords.contains { $0.user == user } }
    }

    /// Credentials for sandboxes are made for those who may call any.
    private func checkSandbox(of customer: String) async throws {
        guard let record = try await store.customer(customer) else { return }
        guard try CustomerSettings(id: customer, settings: record.settings).sandbox == nil else { return }
        throw Faults([Fault("the customer may not call sandboxes: put \"sandbox\": {} into its settings first")])
    }
}
