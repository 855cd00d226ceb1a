public import Admin
import Listen
import Model
import Observation
import Pipeline

extension Gateway: GatewayStatus {
    /// Why the gateway is not ready to serve; empty when it is.
    public func readiness() async -> [String] {
        guard let revisions = try? await plane.revisions() else { return ["the workers have stopped"] }
        var reasons: [String] = []
        if sockets.count < current.snapshot.model.listeners.count { reasons.append("a listener is not open") }
        if revisions.contains(where: { $0 != current.snapshot.revision }) {
            reasons.append("a worker has not changed over to revision \(current.snapshot.revision)")
        }
        return reasons + (await tables?.reasonsAgainstServing ?? [])
    }

    /// All metrics in Prometheus' text format 0.0.4.
    public func metrics() async -> String {
        let families = (try? await plane.metricFamilies()) ?? []
        let certificates = CertificateWatch(current.snapshot.listeners).family
        return await PrometheusText.render(
            families + current.snapshot.limitFamilies + (quotas?.families ?? [])
                + (customers?.shared?.families() ?? []) + (server?.families ?? []) + (tables?.families ?? [])
                + (current.accessLog?.families ?? [])
                + loading.families + [certificates]
        )
    }

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

    /// Who changes the live tables of customers' backends.
    public func backendTables() -> (any BackendTableAdministration)? {
        current.snapshot.model.tabledAPIs.isEmpty ? nil : tables
    }
}
