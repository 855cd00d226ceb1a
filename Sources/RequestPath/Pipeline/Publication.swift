public import Authorization
public import Integrations
public import Observation

/// All that the workers are given to serve: the snapshot, and what belongs to it outside of them.
public struct Publication: Sendable {
    /// What is served.
    public var snapshot: Snapshot
    /// The addresses of the backends' names.
    public var targets: TargetDirectory
    /// Where the access log's lines go; `nil` when there is none.
    public var accessLog: AccessLogWriter?
    /// The customers that operators manage while the gateway runs; `nil` when nobody can.
    public var customers: CustomerTable?
    /// The live tables of customers' backends.
    public var backendTables: BackendTables

    /// Makes a publication.
    public init(
        _ snapshot: Snapshot,
        targets: TargetDirectory = TargetDirectory(),
        accessLog: AccessLogWriter? = nil,
        customers: CustomerTable? = nil,
        backendTables: BackendTables = .none
    ) {
        self.snapshot = snapshot
        self.targets = targets
        self.accessLog = accessLog
        self.customers = customers
        self.backendTables = backendTables
    }
}
