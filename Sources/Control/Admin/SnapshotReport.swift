public import Model

/// What a gateway serves, since when, and why it does not serve something newer: the answer to `GET /snapshot`.
public struct SnapshotReport: Sendable, Equatable {
    /// A configuration that was not taken.
    public struct Refusal: Sendable, Equatable, Encodable {
        /// When, in ISO 8601.
        public var at: String
        /// Everything that was wrong with it.
        public var faults: [Fault]

        /// Makes a refusal.
        public init(at: String, faults: [Fault]) {
            self.at = at
            self.faults = faults
        }
    }

    /// Counts the configurations that a process has served, from 1.
    public var revision: Int
    /// When the configuration was loaded, in ISO 8601.
    public var loadedAt: String
    /// How long compiling it took.
    public var compileTime: Duration
    /// The number of APIs.
    public var apis: Int
    /// The number of routes in all APIs.
    public var routes: Int
    /// The number of backends.
    public var backends: Int
    /// The last configuration that was refused; `nil` when a good one was loaded since.
    public var lastRefusal: Refusal?

    /// Makes a report on a model.
    public init(
        of model: Model,
        revision: Int,
        loadedAt: String,
        compileTime: Duration,
        lastRefusal: Refusal? = nil
    ) {
        self.revision = revision
        self.loadedAt = loadedAt
        self.compileTime = compileTime
        apis = model.apis.count
        routes = model.apis.reduce(0) { $0 + $1.routes.count }
        backends = model.backends.count
        self.lastRefusal = lastRefusal
    }
}

extension SnapshotReport: Encodable {
    private enum Key: String, CodingKey {
        case revision, apis, routes, backends
        case loadedAt = "loaded_at"
        case compileTime = "compile_ms"
        case lastRefusal = "last_error"
    }

    /// Writes `revision`, `loaded_at`, `compile_ms`, `apis`, `routes`, `backends` and `last_error`, which may be `null`.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(revision, forKey: .revision)
        try members.encode(loadedAt, forKey: .loadedAt)
        try members.encode(((compileTime / .microseconds(1)).rounded()) / 1_000, forKey: .compileTime)
        try members.encode(apis, forKey: .apis)
        try members.encode(routes, forKey: .routes)
        try members.encode(backends, forKey: .backends)
        try members.encode(lastRefusal, forKey: .lastRefusal)
    }
}
