public import Admin
import Pipeline

extension Gateway: GatewayStatus {
    /// What is served, since when, and why the last other configuration was not taken.
    public func snapshot() -> SnapshotReport {
        SnapshotReport(
            of: current.snapshot.model,
            revision: current.snapshot.revision,
            loadedAt: loading.loadedAt.text,
            compileTime: loading.compiledIn,
            lastRefusal: loading.lastRefusal.map { SnapshotReport.Refusal(at: $0.at.text, faults: $0.faults) }
        )
    }

    /// What customers used of their quotas.
    public func usage() -> (any UsageAccounts)? {
        quotas.map { CustomerUsage($0, model: current.snapshot.model, live: current.customers) }
    }

    /// Who changes customers and plans while the gateway runs.
    public func administration() -> (any CustomerAdministration & PlanAdministration)? { customers }
}
