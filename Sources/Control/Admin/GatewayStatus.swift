/// What the operator's listener asks the gateway for. Answers may take their time: nobody on the request path waits.
public protocol GatewayStatus: Sendable {
    /// Why the gateway is not ready to serve, a sentence a reason; empty when it is.
    func readiness() async -> [String]
    /// All metrics in Prometheus' text format 0.0.4.
    func metrics() async -> String
    /// What is served, and what became of the last attempt to change it.
    func snapshot() async -> SnapshotReport
    /// What customers used of their quotas; `nil` when no plan has one.
    func usage() async -> (any UsageAccounts)?
    /// Who changes customers and plans while the gateway runs; `nil` when nobody can.
    func administration() async -> (any CustomerAdministration & PlanAdministration)?
    /// Who changes the live tables of customers' backends; `nil` when no API has one.
    func backendTables() async -> (any BackendTableAdministration)?
}

extension GatewayStatus {
    /// Nothing is counted.
    public func usage() async -> (any UsageAccounts)? { nil }

    /// Nobody can.
    public func administration() async -> (any CustomerAdministration & PlanAdministration)? { nil }

    /// No API has one.
    public func backendTables() async -> (any BackendTableAdministration)? { nil }
}
