/// An API of Amazon's HTTP kind: routes to integrations, mounted at hosts and a base path.
public struct HTTPAPI: Sendable, Equatable {
    /// Unique among the APIs, but for the versions and the sandbox of one; the label `api` of metrics and `$context.apiId` of logs.
    public var name: String
    /// The stage that is served; `$default` unless stated.
    public var stage: String
    /// The hosts that lead here; empty stands for every host that no other API names.
    public var hosts: [HostPattern]
    /// The path under which the API is mounted (a URL version, say).
    public var basePath: BasePath
    /// Whether `basePath` is taken off before a request is forwarded by remainder (AWS does, Kong's `strip_path`).
    public var stripsBasePath: Bool
    /// Whether `%2F` inside a path segment is let through (as data, never as a separator) or refused with 400.
    public var allowsEncodedSlash: Bool
    /// The routes. No two have the same key or differ only in parameter names.
    public var routes: [Route]
    /// How fast the API's calls may come.
    public var throttle: [ThrottleLimit]
    /// Where the API was declared.
    public var source: SourceLocation?
    /// The version that this is; an API with several is as many values of one name.
    public var version: APIVersion?
    /// Where paths without a version lead to this one; `nil` when they do not.
    public var unversionedPath: BasePath?
    /// Who may call where routes do not say so themselves.
    public var access: AccessRule?
    /// Whether this is the sandbox of the API of the same name. Credentials are for the one or the other.
    public var isSandbox = false
    /// Whether a live table, which gateways share through Redis, may send customers' calls to other backends. Never true of a sandbox.
    public var hasBackendTable = false

    /// Makes an API.
    public init(
        name: String,
        stage: String = "$default",
        hosts: [HostPattern] = [],
        basePath: BasePath = .root,
        stripsBasePath: Bool = true,
        allowsEncodedSlash: Bool = false,
        routes: [Route],
        throttle: [ThrottleLimit] = [],
        source: SourceLocation? = nil
    ) {
        self.name = name
        self.stage = stage
        self.hosts = hosts
        self.basePath = basePath
        self.stripsBasePath = stripsBasePath
        self.allowsEncodedSlash = allowsEncodedSlash
        self.routes = routes
        self.throttle = throttle
        self.source = source
    }
}

/// One route: which requests, and what answers them.
public struct Route: Sendable, Equatable {
    /// Which requests: `GET /orders/{id}`, `ANY /legacy/{proxy+}`, `$default`.
    public var key: RouteKey
    /// What answers.
    public var integration: Integration
    /// Who may call; `nil` lets everybody.
    public var access: AccessRule?
    /// What the backend is told about the caller.
    public var claimHeaders: [ClaimHeader]
    /// How fast the route's calls may come, besides what the API and the model say; `nil` lifts what those and plans say.
    public var throttle: [ThrottleLimit]?
    /// Where the route was declared.
    public var source: SourceLocation?

    /// Makes a route.
    public init(
        key: RouteKey,
        integration: Integration,
        access: AccessRule? = nil,
        claimHeaders: [ClaimHeader] = [],
        throttle: [ThrottleLimit]? = [],
        source: SourceLocation? = nil
    ) {
        self.key = key
        self.integration = integration
        self.access = access
        self.claimHeaders = claimHeaders
        self.throttle = throttle
        self.source = source
    }
}

/// What answers a request.
public enum Integration: Sendable, Equatable {
    /// A server, reached over HTTP (AWS: `HTTP_PROXY`).
    case httpProxy(HTTPProxyIntegration)
    /// The gateway itself (AWS: `MOCK`).
    case mock(MockIntegration)
}

/// Forwarding to a backend with the request as it is.
public struct HTTPProxyIntegration: Sendable, Hashable {
    /// What path and query the backend is asked for.
    public enum Target: Sendable, Hashable {
        /// The request's path (after the base path, when that is stripped) and query, appended to the backend's own path.
        case remainder
        /// A path made from the route's parameters, `/old/{proxy}`; the request's query follows its own.
        case template(PathTemplate)
    }

    /// Name of a `Backend` in the same model.
    public var backend: String
    /// What the backend is asked for.
    public var target: Target
    /// The method to use instead of the client's (OpenAPI integration `httpMethod`); `nil` keeps the client's.
    public var method: String?
    /// Limits on waiting.
    public var timeouts: Timeouts
    /// What the backend sees as `Host`.
    public var host: HostHeader
    /// How WebSocket connections are passed through; `nil` takes `Upgrade` off requests, as of any other protocol.
    public var webSocket: WebSocketPassing?

    /// Makes a proxy integration.
    public init(
        backend: String,
        target: Target = .remainder,
        method: String? = nil,
        timeouts: Timeouts = Timeouts(),
        host: HostHeader = .target,
        webSocket: WebSocketPassing? = WebSocketPassing()
    ) {
        self.backend = backend
        self.target = target
        self.method = method
        self.timeouts = timeouts
        self.host = host
        self.webSocket = webSocket
    }
}

/// Limits on a WebSocket connection that is passed through.
public struct WebSocketPassing: Sendable, Hashable {
    /// Time in which nothing is sent in either direction, pings and pongs included (AWS: idle connection timeout, 10 minutes).
    public var idle: Duration
    /// Time in all (AWS: connection duration, 2 hours); `nil` is as long as its ends like.
    public var longest: Duration?

    /// Makes limits.
    public init(idle: Duration = .seconds(600), longest: Duration? = nil) {
        self.idle = idle
        self.longest = longest
    }
}

/// What a backend sees as `Host`.
public enum HostHeader: Sendable, Hashable {
    /// The authority of the chosen target (AWS, Kong and nginx do so).
    case target
    /// What the client sent.
    case preserve
    /// This text.
    case fixed(String)
}

/// Limits on waiting for a backend. `total` covers all attempts (AWS: integration timeout, 30 s for HTTP APIs).
public struct Timeouts: Sendable, Hashable {
    /// To an established TCP connection.
    public var connect: Duration
    /// From the request's end to the first byte of the response.
    public var firstByte: Duration
    /// Between two reads of the response.
    public var idle: Duration
    /// From the request's last byte to the response's head, over all attempts.
    public var total: Duration

    /// Makes timeouts.
    public init(
        connect: Duration = .seconds(5),
        firstByte: Duration = .seconds(30),
        idle: Duration = .seconds(30),
        total: Duration = .seconds(30)
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }
}

/// An answer of the gateway's own.
public struct MockIntegration: Sendable, Equatable {
    /// 200…599.
    public var status: Int
    /// Header fields in order; values may hold `{param}`.
    public var headers: [MockHeader]
    /// The body; `{param}` is replaced by the route's parameter, escaped for `escaping`.
    public var body: String
    /// How a parameter is written into the body.
    public var escaping: Escaping

    /// How a parameter is written into the body.
    public enum Escaping: Sendable, Hashable {
        /// As JSON string content.
        case json
        /// As it is, percent-decoded.
        case plain
        /// Not at all: what stands in braces is text.
        case never
    }

    /// Makes a mock integration.
    public init(status: Int = 200, headers: [MockHeader] = [], body: String = "", escaping: Escaping = .plain) {
        self.status = status
        self.headers = headers
        self.body = body
        self.escaping = escaping
    }
}

/// One header field of a mock's answer.
public struct MockHeader: Sendable, Hashable {
    /// A token (RFC 9110, 5.6.2).
    public var name: String
    /// A field value; may hold `{param}`.
    public var value: String

    /// Makes a header field.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}
