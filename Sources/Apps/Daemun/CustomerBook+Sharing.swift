import CustomerStore
import Logging
import Model

/// The customers and plans that several gateways have together.
extension CustomerBook {
    /// Has a store follow those of other gateways, when the model says so.
    /// - Throws: `Faults` when this one does not go with them.
    static func share(
        _ store: CustomerStore,
        of model: Model,
        through server: SharedServer?,
        _ logger: Logger
    ) async throws -> SharedCustomers? {
        guard model.sharesCustomers, let server, let folder = model.dataFolder else {
            // What is changed from now on, others do not know.
            try await store.leaveSet()
            return nil
        }
        let shared = SharedCustomers(store, redis: server.handle, folder: folder, logger: logger)
        do {
            try await shared.begin()
        } catch let refusal as SharedCustomers.Refusal {
            throw Faults([Fault("customers can't be shared: " + shared.sentence(refusal))])
        }
        store.share(through: shared)
        return shared
    }

    /// Knows all that the other gateways have agreed upon by now.
    /// - Throws: `CustomersNotShared`.
    func catchUp() async throws {
        guard let shared else { return }
        try await shared.prepare()
        try await refresh()
    }
}
