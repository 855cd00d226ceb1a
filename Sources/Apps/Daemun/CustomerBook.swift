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
    /// Where they are kept. Changes go through this actor.
    nonisolated let store: CustomerStore
    private let folder: String
    let logger: Logger
    private(set) var table: CustomerTable
    /// What secrets that have to be read again are kept under; `nil` when the model names nothing.
    private(set) var sealing: SealingKeys?
    private var sealingKeys: [Secret]
    private var last: Int64 = 0
    private var declared: Set<String> = []
    private var declaredUsers: Set<String> = []
    private(set) var declaredSigningKeys: Set<String> = []
    private var plans: Set<String> = []
    private var publish: (@Sendable (CustomerTable) async -> Void)?
    private var watching: Task<Void, Never>?
    /// What settings say, by their text: many customers have the same.
    private var parsed: [String: Customer] = [:]

    /// How often the store is looked at.
    private static let interval = Duration.milliseconds(250)
    private static let mostParsed = 1_000

    /// Opens the store in the model's folder, and reads all customers.
    /// - Returns: `nil` when the model has no folder.
    /// - Throws: a fault when the folder can't be used.
    static func open(for model: Model, logger: Logger) async throws(Faults) -> CustomerBook? {
        guard let folder = model.dataFolder else { return nil }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let fingerprinter = try StoreKey.fingerprinter(at: folder + "/customers.key")
            let store = try CustomerStore(path: folder + "/customers.sqlite", fingerprinter: fingerprinter) {
                Int64(Date().timeIntervalSince1970)
            }
            return try await CustomerBook(store, folder: folder, sealingKeys: model.sealingKeys, logger: logger)
        } catch let faults as Faults {
            throw faults
        } catch {
            throw Faults([Fault("customers can't be kept in this folder: \(Self.sentence(error))", text: folder)])
        }
    }

    /// The book for another model; one that is opened stays.
    /// - Throws: a fault when that wants it in another folder.
    static func reopen(_ book: CustomerBook?, for model: Model, logger: Logger) async throws(Faults) -> CustomerBook? {
        guard let book else { return try await open(for: model, logger: logger) }
        guard model.dataFolder == book.folder else {
            let rule = "the folder of customers changes with a restart only; it is \"\(book.folder)\" now"
            throw Faults([Fault(rule, text: model.dataFolder ?? "none")])
        }
        _ = try sealing(model.sealingKeys)
        return book
    }

    private static func sentence(_ error: any Error) -> String {
        switch error {
        case StoreKey.Fault.malformed(let path): "\(path) has to be 64 hexadecimal digits"
        case StoreKey.Fault.readableByOthers(let path): "others than its owner can read \(path): chmod 600"
        default: error.localizedDescription
        }
    }

    private init(_ store: CustomerStore, folder: String, sealingKeys: [Secret], logger: Logger) async throws {
        self.store = store
        self.folder = folder
        self.sealingKeys = sealingKeys
        sealing = try Self.sealing(sealingKeys)
        self.logger = logger
        table = CustomerTable(fingerprinter: store.fingerprinter)
        try await sealAnew()
        try await readChanges()
    }

    /// Has the workers told of every change from now on.
    func watch(_ publish: @escaping @Sendable (CustomerTable) async -> Void) {
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
    func stop() { watching?.cancel() }

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

    /// Reads what has changed, and tells the workers.
    private func refresh() async throws {
        if try await readChanges() { await publish?(table) }
    }

    /// - Returns: whether there was any change.
    @discardableResult
    private func readChanges() async throws -> Bool {
        var hasChanged = false
        while true {
            let first = last
            let changes = try await store.changes(after: first)
            guard changes.last > first else { return hasChanged }
            hasChanged = true
            // While this one waited, another may have read the same and more.
            if last == first { take(changes) }
        }
    }

    private func take(_ changes: CustomerChanges) {
        last = changes.last
        for id in changes.removed { table.remove(id) }
        for stored in changes.put {
            do throws(Faults) {
                try table.put(try customer(stored))
            } catch {
                // The store takes only what could be read; another version of the gateway may have written it.
                table.remove(stored.id)
                logger.error("customer is not served", metadata: ["customer": "\(stored.id)", "faults": "\(error)"])
            }
        }
    }

    private func customer(_ stored: StoredCustomer) throws(Faults) -> Customer {
        var customer: Customer
        if let known = parsed[stored.settings] {
            customer = known
            customer.id = stored.id
        } else {
            customer = try Customer(id: stored.id, settings: stored.settings)
            if parsed.count >= Self.mostParsed { parsed = [:] }
            parsed[stored.settings] = customer
        }
        customer.apiKeys = stored.keys.map { Customer.APIKey(id: $0.id, form: .fingerprint($0.fingerprint)) }
        customer.passwords = stored.passwords.map { Customer.Password(user: $0.user, hash: Secret($0.hash)) }
        customer.signingKeys = stored.signingKeys.compactMap { signingKey($0, of: stored.id) }
        return customer
    }

    /// Knows from now on which customers stand in the configuration file, where alone they can be changed, and which plans.
    func follow(_ model: Model) async {
        declared = Set(model.customers.map(\.id))
        declaredUsers = Set((model.customers + model.sandboxCustomers).flatMap { $0.passwords.map(\.user) })
        declaredSigningKeys = Set(model.customers.flatMap { $0.signingKeys.map(\.id) })
        plans = Set(model.plans.map(\.name))
        guard model.sealingKeys != sealingKeys else { return }
        sealingKeys = model.sealingKeys
        // Was read before the model was taken.
        sealing = try? Self.sealing(sealingKeys)
        do {
            try await sealAnew()
            // What did not open before may do so now.
            last = 0
            try await refresh()
        } catch {
            logger.error("secrets can't be sealed anew", metadata: ["error": "\(error)"])
        }
    }

    func change<Value: Sendable>(
        _ id: String,
        _ body: @Sendable (CustomerStore) async throws -> Value
    ) async throws -> Value {
        guard !declared.contains(id) else { throw DeclaredInFile(id: id) }
        let value = try await body(store)
        try await refresh()
        return value
    }
}

extension CustomerBook: CustomerAdministration {
    func customers(after id: String, limit: Int) async throws -> [CustomerRecord] {
        try await store.customers(after: id, limit: limit)
    }

    func customer(_ id: String) async throws -> CustomerRecord? { try await store.customer(id) }

    func put(_ id: String, settings: String) async throws -> Bool {
        let customer = try Customer(id: id, settings: settings)
        if let plan = customer.plan, !plans.contains(plan) {
            let known = plans.sorted().joined(separator: ", ")
            throw Faults([Fault("no plan has this name; there are: \(known)", text: plan)])
        }
        return try await change(id) { try await $0.put(id, settings: settings) }
    }

    func remove(_ id: String) async throws { try await change(id) { try await $0.remove(id) } }

    func makeKey(_ id: String, of customer: String) async throws -> String {
        try await change(customer) { try await $0.makeKey(id, of: customer) }
    }

    func removeKey(_ id: String, of customer: String) async throws {
        try await change(customer) { try await $0.removeKey(id, of: customer) }
    }

    func setPassword(_ password: String, of user: String, customer: String) async throws {
        guard !declaredUsers.contains(user) else { throw CustomerStoreFault.userExists(user) }
        // Takes a tenth of a second, and so not on this actor.
        let hash = await Task.detached { PasswordHash(of: Array(password.utf8)) }.value
        guard let hash else { throw Faults([Fault("this can't be a password")]) }
        try await change(customer) { try await $0.setPassword(hash, of: user, customer: customer) }
    }

    func removePassword(of user: String, customer: String) async throws {
        try await change(customer) { try await $0.removePassword(of: user, customer: customer) }
    }
}
