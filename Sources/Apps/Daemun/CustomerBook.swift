import Admin
import Authorization
import Credentials
import CustomerStore
import Foundation
import Logging
import Model

/// The customers that operators manage while the gateway runs: has the workers know what the store knows.
///
/// Another process may change the store, too, so it is looked at again and again; who changes it through this process
/// gets an answer when all workers know.
actor CustomerBook {
    /// What the workers have to be told of.
    enum Change: Sendable {
        /// The customers alone.
        case customers(CustomerTable)
        /// What is compiled into a snapshot, too: whose calls go elsewhere, and what plans say.
        case routes
    }

    /// Where they are kept. Changes go through this actor.
    nonisolated let store: CustomerStore
    private let folder: String
    let logger: Logger
    /// The gateways that have the same customers; `nil` when there are none.
    let shared: SharedCustomers?
    private(set) var table: CustomerTable
    /// What secrets that have to be read again are kept under; `nil` when the model names nothing.
    private(set) var sealing: SealingKeys?
    private var last: Int64 = 0
    /// What the configuration file says, with the plans of the store.
    private(set) var model: Model
    /// What the configuration file alone says.
    private var file: Model
    /// The plans of the store.
    private(set) var plans: LivePlans
    /// The customers of the file, whose credentials nobody else can have.
    private(set) var declared: CustomerTable
    /// Of the customers that are served, those with backends or versions of their own.
    private var routes: [String: CustomerSettings] = [:]
    /// Whether they are others than the workers were told of last.
    private var hasOtherRoutes = false
    /// What settings say, by their text: many customers have the same.
    private var parsed: [String: CustomerSettings] = [:]
    /// Why customers are not served as they should be.
    private(set) var faults: [String: Faults] = [:]
    private var publish: (@Sendable (Change) async -> Void)?
    private var watching: Task<Void, Never>?
    /// What the workers are being told, and were told last.
    private var publishing: Task<Void, Never>?

    /// How often the store is looked at.
    private static let interval = Duration.milliseconds(250)
    private static let mostParsed = 1_000

    /// Opens the store in the model's folder, and reads all customers.
    /// - Returns: `nil` when the model has no folder.
    /// - Throws: a fault when the folder can't be used.
    static func open(
        for model: Model,
        server: SharedServer?,
        logger: Logger
    ) async throws(Faults) -> CustomerBook? {
        guard let folder = model.dataFolder else { return nil }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let fingerprinter = try StoreKey.fingerprinter(at: folder + "/customers.key")
            let store = try CustomerStore(path: folder + "/customers.sqlite", fingerprinter: fingerprinter) {
                Int64(Date().timeIntervalSince1970)
            }
            let shared = try await share(store, of: model, through: server, logger)
            return try await CustomerBook(store, folder: folder, shared: shared, model: model, logger: logger)
        } catch let faults as Faults {
            throw faults
        } catch {
            throw Faults([Fault("customers can't be kept in this folder: \(Self.sentence(error))", text: folder)])
        }
    }

    /// The book for another model; one that is opened stays.
    /// - Throws: a fault when that wants it in another folder.
    static func reopen(
        _ book: CustomerBook?,
        for model: Model,
        server: SharedServer?,
        logger: Logger
    ) async throws(Faults) -> CustomerBook? {
        guard let book else { return try await open(for: model, server: server, logger: logger) }
        guard model.dataFolder == book.folder else {
            let rule = "the folder of customers changes with a restart only; it is \"\(book.folder)\" now"
            throw Faults([Fault(rule, text: model.dataFolder ?? "none")])
        }
        guard model.sharesCustomers == (book.shared != nil) else {
            throw Faults([Fault("whether customers are shared changes with a restart only")])
        }
        return book
    }

    private static func reason(_ error: POSIXError) -> String {
        // The text is copied before anyone could write another one in its place.
        unsafe String(cString: strerror(error.code.rawValue))
    }

    private static func sentence(_ error: any Error) -> String {
        switch error {
        case StoreKey.Fault.malformed(let path): "\(path) has to be 64 hexadecimal digits"
        case StoreKey.Fault.readableByOthers(let path): "others than its owner can read \(path): chmod 600"
        default: ((error as? CocoaError)?.underlying as? POSIXError).map(reason) ?? error.localizedDescription
        }
    }

    private init(
        _ store: CustomerStore,
        folder: String,
        shared: SharedCustomers?,
        model: Model,
        logger: Logger
    ) async throws {
        self.store = store
        self.shared = shared
        self.folder = folder
        self.model = model
        self.logger = logger
        file = model
        plans = LivePlans(logger: logger)
        sealing = try Self.sealing(model.sealingKeys)
        table = CustomerTable(fingerprinter: store.fingerprinter)
        declared = Self.declared(in: model, store)
        // Others may have to agree, and be away.
        if shared == nil { try await sealAnew() } else { await sealAll() }
        try await readChanges()
    }

    // MARK: What the file says

    /// Holds all customers and plans against another model, and tells it the plans, and the customers' backends and versions.
    /// - Parameter model: what the configuration file says.
    /// - Returns: what is to be served.
    /// - Throws: when the store can't be read, or the sealing keys can't be used.
    func merged(into model: Model) async throws(Faults) -> Model {
        let withPlans = plans.merged(into: model)
        let isOther = withPlans.differsForCustomers(from: self.model)
        if isOther { sealing = try Self.sealing(model.sealingKeys) }
        file = model
        self.model = withPlans
        if isOther {
            declared = Self.declared(in: model, store)
            // Any of them may name what is gone, or what is there at last.
            last = 0
            do { try await readChanges() } catch {
                throw Faults([Fault("customers can't be read: \(error)", text: folder)])
            }
        }
        var merged = self.model
        merged.add(routes.values.sorted { $0.customer.id < $1.customer.id })
        return merged
    }

    private static func declared(in model: Model, _ store: CustomerStore) -> CustomerTable {
        var table = CustomerTable(fingerprinter: store.fingerprinter)
        // What is wrong with them is told when the model is compiled.
        for customer in model.customers { try? table.put(customer) }
        for customer in model.sandboxCustomers { try? table.put(customer, isSandbox: true) }
        return table
    }

    // MARK: What the store says

    /// Has the workers told of every change from now on.
    func watch(_ publish: @escaping @Sendable (Change) async -> Void) {
        guard watching == nil else { return }
        self.publish = publish
        watching = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                await self?.look()
            }
        }
    }

    /// Looks at the store no longer.
    func stop() async {
        watching?.cancel()
        await shared?.stop()
    }

    private var isFailing = false

    private func look() async {
        do {
            try await refresh()
            if isFailing { logger.notice("customers can be read again") }
            isFailing = false
        } catch {
            if !isFailing { logger.error("customers can't be read", metadata: ["error": "\(error)"]) }
            isFailing = true
        }
    }

    /// Reads what has changed, and tells the workers. What another reading has found is told, too, when this returns.
    func refresh() async throws {
        let change = try await readChanges()
        guard let change, let publish else {
            await publishing?.value
            return
        }
        let task = Task { [earlier = publishing] in
            await earlier?.value
            await publish(change)
        }
        publishing = task
        await task.value
    }

    /// - Returns: `nil` when nothing has changed.
    @discardableResult
    private func readChanges() async throws -> Change? {
        var hasChanged = false
        while true {
            let first = last
            // Both at one time, so that no customer is seen without the plan that came before it.
            let changes = try await store.changes(after: first, plansSince: plans.change)
            if let stored = changes.plans { take(stored) }
            guard changes.last > first || last != first else { break }
            hasChanged = true
            // While this one waited, another may have read the same and more; or plans have changed, and all are read anew.
            if last == first { take(changes) }
        }
        guard hasChanged || hasOtherRoutes else { return nil }
        defer { hasOtherRoutes = false }
        return hasOtherRoutes ? .routes : .customers(table)
    }

    private func take(_ stored: StoredPlans) {
        // While this one waited, another may have read the same and more.
        guard stored.change > plans.change else { return }
        plans.take(stored)
        let former = model
        model = plans.merged(into: file)
        // Any customer may have a plan that is gone, or is there at last.
        if model.differsForCustomers(from: former) { last = 0 }
        if model.plans != former.plans { hasOtherRoutes = true }
    }

    private func take(_ changes: CustomerChanges) {
        last = changes.last
        for id in changes.removed {
            if routes.removeValue(forKey: id) != nil { hasOtherRoutes = true }
            faults[id] = nil
            table.remove(id)
        }
        for stored in changes.put where take(stored) { hasOtherRoutes = true }
    }

    /// Has the table know a customer as it is now. One that names what is not there is suspended: its calls would go where they
    /// should not, or pass without a limit.
    /// - Returns: whether its backends or versions may be others than before.
    private func take(_ stored: StoredCustomer) -> Bool {
        let id = stored.id
        let former = routes.removeValue(forKey: id)
        guard !isDeclared(id) else {
            // The file counts.
            faults[id] = nil
            table.remove(id)
            return former != nil
        }
        do throws(Faults) {
            let settings = try settings(of: stored)
            let missing = model.faults(in: settings)
            try put(settings, stored, isServed: missing.isEmpty)
            note(missing.isEmpty ? nil : Faults(missing), of: id)
            guard missing.isEmpty, settings.hasRoutes else { return former != nil }
            routes[id] = settings
            return true
        } catch {
            // The store takes only what could be read; another version of the gateway may have written it.
            table.remove(id)
            note(error, of: id)
            return former != nil
        }
    }

    private func settings(of stored: StoredCustomer) throws(Faults) -> CustomerSettings {
        if let known = parsed[stored.settings] { return known.given(to: stored.id) }
        let settings = try CustomerSettings(id: stored.id, settings: stored.settings)
        if parsed.count >= Self.mostParsed { parsed = [:] }
        parsed[stored.settings] = settings
        return settings
    }

    private func put(_ settings: CustomerSettings, _ stored: StoredCustomer, isServed: Bool) throws(Faults) {
        var customer = settings.customer
        customer.apiKeys = stored.keys.filter { !$0.isSandbox }.map(Self.key)
        customer.passwords = stored.passwords.filter { !$0.isSandbox }.map(Self.password)
        customer.signingKeys = stored.signingKeys.compactMap { signingKey($0, of: stored.id) }
        if !isServed { customer.isSuspended = true }
        try declared.check(customer)
        try table.put(customer)
        guard var sandbox = settings.sandbox else { return table.removeFromSandboxes(stored.id) }
        sandbox.apiKeys = stored.keys.filter(\.isSandbox).map(Self.key)
        sandbox.passwords = stored.passwords.filter(\.isSandbox).map(Self.password)
        if !isServed { sandbox.isSuspended = true }
        try declared.check(sandbox, isSandbox: true)
        try table.put(sandbox, isSandbox: true)
    }

    private static func key(_ key: (id: String, fingerprint: String, isSandbox: Bool)) -> Customer.APIKey {
        Customer.APIKey(id: key.id, form: .fingerprint(key.fingerprint))
    }

    private static func password(_ password: (user: String, hash: String, isSandbox: Bool)) -> Customer.Password {
        Customer.Password(user: password.user, hash: Secret(password.hash))
    }

    private func note(_ reason: Faults?, of id: String) {
        if let reason, faults[id] != reason {
            let text = reason.all.map(\.description).joined(separator: "; ")
            logger.error("customer is not served", metadata: ["customer": "\(id)", "faults": "\(text)"])
        }
        faults[id] = reason
    }

    // MARK: Changes

    /// Whether a customer stands in the configuration file, where alone it can be changed.
    func isDeclared(_ id: String) -> Bool { declared.contains(id) }

    /// The plans that stand in the configuration file.
    var declaredPlans: [UsagePlan] { file.plans }

    /// Whether a plan stands in the configuration file.
    func isPlanDeclared(_ name: String) -> Bool { file.plans.contains { $0.name == name } }

    func change<Value: Sendable>(
        _ id: String,
        _ body: @Sendable (CustomerStore) async throws -> Value
    ) async throws -> Value {
        guard !isDeclared(id) else { throw DeclaredInFile(id: id) }
        let value = try await body(store)
        try await refresh()
        return value
    }
}
