/// What a gateway serves: the whole of its configuration as values that are valid by construction.
///
/// The vocabulary is Amazon API Gateway's (`HTTPAPI`, `Route`, `Integration`, `Stage`); `Backend` is what that service
/// lacks. The YAML file, an OpenAPI document and, later, the management API all produce this one type; the
/// request path compiles it to a snapshot.
public struct Model: Sendable, Equatable {
    /// The sockets on which clients are served. Never empty in a model that was read from a file.
    public var listeners: [Listener]
    /// The APIs, in the order of the file. Order has no influence on routing.
    public var apis: [HTTPAPI]
    /// The named groups of servers that requests are forwarded to. Names are unique.
    public var backends: [Backend]
    /// The ways to find out who calls. Names are unique.
    public var authorizers: [Authorizer]
    /// Who may call. Ids are unique.
    public var customers: [Customer]
    /// How much customers may take. Names are unique.
    public var plans: [UsagePlan]
    /// What several gateways share: quotas, and limits that say so; `nil` counts quotas in `dataFolder`.
    public var redis: RedisServer?
    /// Whether calls pass whose quota Redis can't be asked for, or are refused with 503.
    public var opensQuotasOnFailure = false
    /// How fast all calls together may come.
    public var throttle: [ThrottleLimit]
    /// The folder of what has to outlive the process; `nil` when there is none.
    public var dataFolder: String?
    /// The keys under which `dataFolder` keeps secrets that have to be read again, each 64 hexadecimal digits; the first one seals.
    public var sealingKeys: [Secret] = []
    /// Whether the customers in `dataFolder` are those of all gateways that share `redis`.
    public var sharesCustomers = false
    /// The customers who may call sandboxes, with their credentials for these. Ids are unique among them.
    public var sandboxCustomers: [Customer] = []
    /// Of the customers that are managed while the gateway runs, those with backends or versions of their own, and nothing else of them.
    public var liveCustomers: [Customer] = []
    /// Where and how requests are logged; `nil` turns the access log off.
    public var accessLog: AccessLog?
    /// The operator's listener (`/livez`, `/readyz`, `/metrics`, `/snapshot`); `nil` turns it off.
    public var admin: Admin?
    /// The management APIs on `admin`; `nil` turns them off.
    public var management: Management?
    /// Peers whose `X-Forwarded-*`, `Forwarded` and `X-Request-Id` are believed.
    public var trustedProxies: [AddressRange]
    /// What one client or one request may take.
    public var limits: Limits
    /// How long a stopping gateway waits for what is in flight.
    public var drainTimeout: Duration

    /// Makes a model from its parts; everything but the listeners and the APIs has a default.
    public init(
        listeners: [Listener],
        apis: [HTTPAPI] = [],
        backends: [Backend] = [],
        authorizers: [Authorizer] = [],
        customers: [Customer] = [],
        plans: [UsagePlan] = [],
        redis: RedisServer? = nil,
        throttle: [ThrottleLimit] = [],
        dataFolder: String? = nil,
        accessLog: AccessLog? = nil,
        admin: Admin? = nil,
        trustedProxies: [AddressRange] = [],
        limits: Limits = Limits(),
        drainTimeout: Duration = .seconds(30)
    ) {
        self.listeners = listeners
        self.apis = apis
        self.backends = backends
        self.authorizers = authorizers
        self.customers = customers
        self.plans = plans
        self.redis = redis
        self.throttle = throttle
        self.dataFolder = dataFolder
        self.accessLog = accessLog
        self.admin = admin
        self.trustedProxies = trustedProxies
        self.limits = limits
        self.drainTimeout = drainTimeout
    }

    /// Whether calls are counted that have to be counted on after a restart.
    public var hasQuotas: Bool { plans.contains { !$0.quotas.isEmpty } }
}

/// One socket on which clients are served.
public struct Listener: Sendable, Hashable {
    /// A numeric address: `0.0.0.0`, `127.0.0.1`, `::`.
    public var address: String
    /// 0 lets the system choose.
    public var port: Int
    /// Whether clients may speak HTTP/2 from the first byte, without having asked (prior knowledge, RFC 9113, 3.3).
    public var http2: Bool
    /// Whether every connection begins with a PROXY protocol header, which says who the client is.
    public var proxyProtocol: Bool
    /// How TLS is spoken; `nil` for a listener without TLS.
    public var tls: ServerTLS?
    /// The port of the HTTPS URLs that every request is redirected to; `nil` serves requests.
    public var redirectPort: Int?
    /// The folder that holds the answers to ACME's HTTP challenges (RFC 8555, 8.3) by token; `nil` leaves them to the APIs.
    public var challengeFolder: String?

    /// Makes a listener; the default address is every IPv4 interface.
    public init(
        address: String = "0.0.0.0",
        port: Int,
        http2: Bool = false,
        proxyProtocol: Bool = false,
        tls: ServerTLS? = nil,
        redirectPort: Int? = nil,
        challengeFolder: String? = nil
    ) {
        self.address = address
        self.port = port
        self.http2 = http2
        self.proxyProtocol = proxyProtocol
        self.tls = tls
        self.redirectPort = redirectPort
        self.challengeFolder = challengeFolder
    }

    /// What makes two listeners the same socket, however it is served.
    public struct Socket: Sendable, Hashable, CustomStringConvertible {
        /// A numeric address.
        public var address: String
        /// 0 lets the system choose.
        public var port: Int

        /// `127.0.0.1:8080` or `[::1]:8080`.
        public var description: String { (address.contains(":") ? "[\(address)]" : address) + ":\(port)" }
    }

    /// The socket that it listens on.
    public var socket: Socket { Socket(address: address, port: port) }
}

/// The operator's listener. Loopback by default, since it tells about traffic.
public struct Admin: Sendable, Hashable {
    /// A numeric address.
    public var address: String
    /// 0 lets the system choose.
    public var port: Int
    /// What `/metrics` and `/snapshot` ask for as a bearer token; `nil` asks for nothing.
    public var token: Secret?

    /// Makes the admin listener's settings.
    public init(address: String = "127.0.0.1", port: Int, token: Secret? = nil) {
        self.address = address
        self.port = port
        self.token = token
    }
}

/// Where and how one line a request is logged.
public struct AccessLog: Sendable, Equatable {
    /// Where the lines go.
    public enum Destination: Sendable, Hashable {
        /// Appended to this file, reopened on SIGHUP.
        case file(String)
        /// The process's standard output.
        case standardOutput
    }

    /// How a line is made.
    public enum Format: Sendable, Hashable {
        /// One JSON object a line with the documented members.
        case json
        /// NCSA Common Log Format.
        case commonLogFormat
        /// A template of text and `$context.*` variables (AWS: access-log variables). Checked when it was read.
        case template(String)
    }

    /// Where the lines go.
    public var destination: Destination
    /// How a line is made.
    public var format: Format
    /// A worker's buffer is written when it holds this many bytes.
    public var bufferBytes: Int
    /// A worker's buffer is written at least this often.
    public var flushInterval: Duration

    /// Makes access-log settings; the default is JSON, flushed every second or 64 KiB.
    public init(
        destination: Destination,
        format: Format = .json,
        bufferBytes: Int = 65_536,
        flushInterval: Duration = .seconds(1)
    ) {
        self.destination = destination
        self.format = format
        self.bufferBytes = bufferBytes
        self.flushInterval = flushInterval
    }
}

/// What one client or one request may take. Sizes in bytes.
public struct Limits: Sendable, Hashable {
    /// The request line; over it: 414.
    public var requestLineBytes: Int
    /// Request line and header section together; over it: 431.
    public var headBytes: Int
    /// Header fields of a request; over it: 431.
    public var headerCount: Int
    /// Request body; over it: 413.
    public var bodyBytes: Int
    /// From the first byte of a head to its last, and from accept to the first byte.
    public var headTimeout: Duration
    /// Between two requests of one connection.
    public var keepAliveTimeout: Duration
    /// Between two reads of a request's body, or two writes of a response's, while the gateway waits for the client.
    public var bodyIdleTimeout: Duration
    /// The least speed of bodies, in both directions.
    public var minimumRate: MinimumRate
    /// Requests of one connection, which is closed after the last; 0 sets no limit.
    public var requestsPerConnection: Int
    /// Client connections a process holds; over it, new ones are closed at once. `nil` lets the descriptors decide.
    public var connections: Int?
    /// Client connections of one IPv4 address or IPv6 /64 over all workers; over it, new ones are closed at once. `nil` is a
    /// quarter of `connections`, but not less than 64.
    public var connectionsPerAddress: Int?
    /// Requests in flight in the process; over it: 503. `nil` sets no limit.
    public var requests: Int?
    /// When requests are refused because the gateway is behind; `nil`: never.
    public var overload: Overload?
    /// What one client connection of HTTP/2 may take besides.
    public var http2: HTTP2Limits

    /// Makes limits; each default is documented in `docs/configuration.md`.
    public init(
        requestLineBytes: Int = 8_192,
        headBytes: Int = 32_768,
        headerCount: Int = 100,
        bodyBytes: Int = 10 * 1_024 * 1_024 * 1_024,
        headTimeout: Duration = .seconds(15),
        keepAliveTimeout: Duration = .seconds(75),
        bodyIdleTimeout: Duration = .seconds(30),
        minimumRate: MinimumRate = MinimumRate(),
        requestsPerConnection: Int = 10_000,
        connections: Int? = nil,
        connectionsPerAddress: Int? = nil,
        requests: Int? = nil,
        overload: Overload? = nil,
        http2: HTTP2Limits = HTTP2Limits()
    ) {
        self.requestLineBytes = requestLineBytes
        self.headBytes = headBytes
        self.headerCount = headerCount
        self.bodyBytes = bodyBytes
        self.headTimeout = headTimeout
        self.keepAliveTimeout = keepAliveTimeout
        self.bodyIdleTimeout = bodyIdleTimeout
        self.minimumRate = minimumRate
        self.requestsPerConnection = requestsPerConnection
        self.connections = connections
        self.connectionsPerAddress = connectionsPerAddress
        self.requests = requests
        self.overload = overload
        self.http2 = http2
    }
}
