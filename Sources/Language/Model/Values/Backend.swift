/// A named group of servers that answer alike.
public struct Backend: Sendable, Equatable {
    /// Unique among the backends; the label `backend` of metrics.
    public var name: String
    /// The servers. Never empty.
    public var targets: [Target]
    /// How one is chosen for a request.
    public var balance: Balance
    /// Active checks; `nil` relies on passive ejection alone.
    public var health: HealthCheck?
    /// When a failed request is tried again.
    public var retry: Retry
    /// The connections a worker keeps to each target.
    public var pool: Pool
    /// Passive ejection of targets that fail.
    public var ejection: Ejection
    /// When the backend as a whole is left alone; `nil` is never.
    public var breaker: Breaker?
    /// Requests that may be in flight to each target from all workers together; `nil` is any number.
    public var concurrency: Int?
    /// How targets that are reached over TLS are spoken to.
    public var tls: TLS
    /// How often names are looked up again in the background.
    public var resolveInterval: Duration
    /// Where the backend was declared.
    public var source: SourceLocation?

    /// Makes a backend; everything but its name and targets has a default.
    public init(
        name: String,
        targets: [Target],
        balance: Balance = .leastRequests,
        health: HealthCheck? = nil,
        retry: Retry = Retry(),
        pool: Pool = Pool(),
        ejection: Ejection = Ejection(),
        breaker: Breaker? = nil,
        concurrency: Int? = nil,
        tls: TLS = TLS(),
        resolveInterval: Duration = .seconds(30),
        source: SourceLocation? = nil
    ) {
        self.name = name
        self.targets = targets
        self.balance = balance
        self.health = health
        self.retry = retry
        self.pool = pool
        self.ejection = ejection
        self.breaker = breaker
        self.concurrency = concurrency
        self.tls = tls
        self.resolveInterval = resolveInterval
        self.source = source
    }

    /// One server.
    public struct Target: Sendable, Hashable {
        /// How it is spoken to.
        public var scheme: Scheme
        /// Host name or numeric address, without brackets.
        public var host: String
        /// 1…65535.
        public var port: Int
        /// Put before every forwarded path; empty or `/…` without a trailing slash.
        public var pathPrefix: String
        /// Share of requests relative to the other targets, 1…1000.
        public var weight: Int

        /// Makes a target.
        public init(scheme: Scheme = .http, host: String, port: Int, pathPrefix: String = "", weight: Int = 1) {
            self.scheme = scheme
            self.host = host
            self.port = port
            self.pathPrefix = pathPrefix
            self.weight = weight
        }

        /// What the target sees as `Host`: brackets around IPv6, no port when it is the scheme's own.
        public var authority: String { authority(withPort: port != scheme.defaultPort) }

        /// Host and port, with brackets around IPv6.
        public func authority(withPort: Bool) -> String {
            let name = host.contains(":") ? "[\(host)]" : host
            return withPort ? "\(name):\(port)" : name
        }
    }

    /// How a target is chosen for a request.
    public enum Balance: Sendable, Hashable {
        /// In turn, by weight.
        case roundRobin
        /// The less busy (by weight) of two chosen at random.
        case leastRequests
        /// By a hash, so that the same key meets the same target.
        case hash(HashKey)
    }

    /// What a `hash` balance looks at.
    public enum HashKey: Sendable, Hashable {
        /// A request header, by its lower-case name. An absent one hashes as empty.
        case header(String)
        /// The client's address.
        case clientAddress
        /// The request's path.
        case path
    }

    /// Active checks: a GET that must answer 200…399.
    public struct HealthCheck: Sendable, Hashable {
        /// The path asked for.
        public var path: String
        /// Time between two checks of one target.
        public var interval: Duration
        /// Time to the whole answer.
        public var timeout: Duration
        /// Successes in a row that make a target healthy.
        public var healthyAfter: Int
        /// Failures in a row that make it unhealthy.
        public var unhealthyAfter: Int

        /// Makes a health check.
        public init(
            path: String,
            interval: Duration = .seconds(5),
            timeout: Duration = .seconds(2),
            healthyAfter: Int = 2,
            unhealthyAfter: Int = 3
        ) {
            self.path = path
            self.interval = interval
            self.timeout = timeout
            self.healthyAfter = healthyAfter
            self.unhealthyAfter = unhealthyAfter
        }
    }

    /// When a request that failed before any byte of its answer was passed on is tried again.
    public struct Retry: Sendable, Hashable {
        /// What may be tried again.
        public enum Condition: Sendable, Hashable {
            /// No connection came about; nothing was sent, so any method may be tried again.
            case connect
            /// The connection broke before the response's head was complete.
            case reset
            /// The response has this status: 500…599.
            case status(Int)
        }

        /// Attempts in all, the first included; 1 turns retries off.
        public var attempts: Int
        /// What may be tried again.
        public var conditions: Set<Condition>
        /// Retries as a share of requests, 0…1; beyond it failures are passed on at once.
        public var budget: Double
        /// A request body up to this size is kept so that it can be sent again.
        public var bodyBytes: Int

        /// Makes a retry policy.
        public init(
            attempts: Int = 2,
            conditions: Set<Condition> = [.connect, .reset],
            budget: Double = 0.2,
            bodyBytes: Int = 65_536
        ) {
            self.attempts = attempts
            self.conditions = conditions
            self.budget = budget
            self.bodyBytes = bodyBytes
        }
    }

    /// The connections a worker keeps to one target.
    public struct Pool: Sendable, Hashable {
        /// Open connections a worker may have to one target.
        public var maxConnections: Int
        /// Requests that one connection of HTTP/2 carries at once; the target may allow fewer.
        public var maxStreams: Int
        /// Requests that may wait for one of them; over it: 503.
        public var maxWaiting: Int
        /// An unused connection is closed after this time; keep it below the backend's own.
        public var idleTimeout: Duration
        /// A connection of HTTP/2 on which nothing came for so long, while requests are in flight, has to answer a PING.
        public var pingInterval: Duration

        /// WebSocket connections a worker may pass through to one target, apart from the others; over it: 503.
        public var maxWebSockets: Int

        /// Makes pool settings.
        public init(
            maxConnections: Int = 256,
            maxStreams: Int = 100,
            maxWaiting: Int = 1_024,
            idleTimeout: Duration = .seconds(4),
            pingInterval: Duration = .seconds(300),
            maxWebSockets: Int = 16_384
        ) {
            self.maxConnections = maxConnections
            self.maxStreams = maxStreams
            self.pingInterval = pingInterval
            self.maxWaiting = maxWaiting
            self.idleTimeout = idleTimeout
            self.maxWebSockets = maxWebSockets
        }
    }

    /// Passive ejection of targets that fail.
    public struct Ejection: Sendable, Hashable {
        /// Failures in a row (no connection, reset, time-out, 502…504) after which a target is left out; 0 turns it off.
        public var failures: Int
        /// First time away; doubled each time in a row, up to `maxDuration`.
        public var duration: Duration
        /// Longest time away.
        public var maxDuration: Duration
        /// Over this time a returning target's share grows from a tenth to the whole.
        public var slowStart: Duration
        /// Targets that may be away at once, as a share of all, 0…1. Of two or more, one always may unless it is 0.
        public var share: Double

        /// Makes ejection settings.
        public init(
            failures: Int = 5,
            duration: Duration = .seconds(5),
            maxDuration: Duration = .seconds(60),
            slowStart: Duration = .seconds(10),
            share: Double = 0.5
        ) {
            self.failures = failures
            self.duration = duration
            self.maxDuration = maxDuration
            self.slowStart = slowStart
            self.share = share
        }
    }
}
