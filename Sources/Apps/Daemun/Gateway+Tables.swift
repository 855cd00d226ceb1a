import Pipeline

/// The live tables of customers' backends.
extension Gateway {
    /// Has the workers told of changed tables.
    func watchTables() async { await tables?.watch { [weak self] in await self?.take($0) } }

    private func take(_ tables: BackendTables) async {
        guard tables.number > current.backendTables.number else { return }
        current.backendTables = tables
        try? await plane.update(tables)
    }
}
