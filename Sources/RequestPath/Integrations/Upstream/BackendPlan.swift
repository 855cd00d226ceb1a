public import Model

/// A backend compiled for the workers: its settings, and what has to be made of them off the workers' loops.
public struct BackendPlan: Sendable {
    /// What was compiled.
    public let settings: Backend
    /// `nil` when no target is reached over TLS.
    let tls: UpstreamTLS?

    /// Compiles a backend.
    /// - Parameter former: an earlier plan of the same backend, whose TLS is taken over where nothing of it has changed.
    /// - Throws: what makes it impossible to reach the backend.
    public init(_ settings: Backend, former: BackendPlan? = nil) throws(Fault) {
        self.settings = settings
        if !settings.usesTLS {
            tls = nil
        } else if let former, former.settings.tls == settings.tls, former.hasSameSchemes(as: settings) {
            tls = former.tls
        } else {
            tls = try UpstreamTLS(settings)
        }
    }

    private func hasSameSchemes(as other: Backend) -> Bool {
        Set(settings.targets.map(\.scheme)) == Set(other.targets.map(\.scheme))
    }
}
