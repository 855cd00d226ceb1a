public import NIOCore

/// One call in flight, from the first byte of its head to its line in the log.
///
/// An exchange belongs to one worker's event loop and is used again for later calls. The client's side (`client`) and the
/// integration's side (`integration`) talk to each other through it and never know each other's protocol.
///
/// The order of a call: the client's side fills in `request` and calls `ExchangeHandler.begin`; routing and steps decide;
/// the integration answers through `client`; when the answer has been written or the call was given up, the
/// client's side calls `ExchangeHandler.end` exactly once.
public final class Exchange {
    /// The worker that serves this call.
    public let worker: WorkerContext

    /// The request's head.
    public var request = RequestHead()
    /// Where the canonical path stands: in `rewrittenPath`, or else in the request's head.
    private var pathRange = ByteRange()
    private var rewrittenPath: ByteBuffer?
    /// Where the base path ends in `path`.
    public var basePathEnd = 0
    /// The values of the route's parameters.
    public var parameters = PathParameters()
    /// The other end of the socket.
    public var peer = PeerAddress()
    /// Whether the client speaks over TLS.
    public var isSecure = false
    /// Who the client proved to be with a certificate of its own.
    public var clientCertificate: ClientCertificate?
    /// The client: the peer, or whom trusted peers name in `X-Forwarded-For`.
    public var clientAddress = PeerAddress()
    /// Who calls; `nil` when no authorizer was asked, or none knows.
    public var principal: Principal?
    /// What was found out about the caller before a route was.
    public var identification: Identification?
    /// Whether the call is one to a sandbox, for which other credentials are good; set by what finds out who calls.
    public var isSandbox = false
    /// What the backend is told about the caller.
    public var callerFields: CallerFields?
    /// What the call has taken out of limits; `nil` when it stands under none.
    public var limits: (any CallLimits)?
    /// What every answer to the call says besides.
    public var responseFields: ResponseFields?
    /// Differs from call to call, so that what a step has waited for is not taken for the decision on another call.
    public private(set) var callNumber: UInt64 = 0
    /// The id in logs, errors and `X-Request-Id`.
    public var requestID = RequestID()

    /// What routes, runs steps and logs; set by the client's side before `begin`.
    public var handler: (any ExchangeHandler)?
    /// The side that answers the client.
    public var client: (any ClientStream)?
    /// The side that produces the answer; `nil` until a step or an integration took the call.
    public var integration: (any IntegrationCall)?
    /// What the call was routed to; `nil` when no route was found.
    public var route: RouteIdentity?
    /// What the pipeline keeps for the call (its snapshot, the plan's position).
    public var plan: AnyObject?
    /// The next step of the plan, when a step has to wait.
    public var nextStep = 0
    /// Whether the call counts as one of the process's requests in flight.
    public var isCounted = false

    /// What is known of the call for log and metrics.
    public var record = ExchangeRecord()

    /// Makes an exchange for a worker.
    public init(worker: WorkerContext) { self.worker = worker }

    /// Makes the exchange ready for another call.
    public func reset() {
        request.reset()
        pathRange = ByteRange()
        rewrittenPath = nil
        basePathEnd = 0
        parameters.count = 0
        clientCertificate = nil
        principal = nil
        callerFields = nil
        limits = nil
        responseFields = nil
        identification = nil
        isSandbox = false
        callNumber &+= 1
        requestID = RequestID()
        handler = nil
        client = nil
        integration = nil
        route = nil
        plan = nil
        nextStep = 0
        isCounted = false
        record = ExchangeRecord()
    }
}

extension Exchange {
    /// The path that was matched and is forwarded: canonical, without query.
    public var path: CanonicalPath {
        get { CanonicalPath(buffer: rewrittenPath ?? request.bytes, range: pathRange) }
        set {
            rewrittenPath = newValue.buffer
            pathRange = newValue.range
        }
    }

    /// Takes the path of the request's head for `path`, since it is canonical as it came.
    public func usePathAsReceived() {
        rewrittenPath = nil
        pathRange = request.path
    }

    /// Goes on after a step answered `.wait`. Must be called on the worker's loop, once.
    public func resume(with verdict: Verdict) { handler?.resume(self, with: verdict) }
}

/// A path that passed the path policy: bytes that are matched, logged and forwarded alike.
public struct CanonicalPath: Sendable {
    /// The buffer that holds the path; often the request's head.
    public var buffer = ByteBuffer()
    /// Where the path stands, counted from the buffer's reader index.
    public var range = ByteRange()

    /// Makes an empty path.
    @inlinable public init() {}

    /// Makes a path that stands in `buffer`.
    @inlinable public init(buffer: ByteBuffer, range: ByteRange) {
        self.buffer = buffer
        self.range = range
    }
}

/// The values of a route's parameters, as ranges of the canonical path. At most 16.
public struct PathParameters: Sendable {
    /// How many there are.
    public var count = 0
    /// The first `count` are valid.
    public var ranges = InlineArray<16, ByteRange>(repeating: ByteRange())

    /// Makes an empty list.
    public init() {}
}

/// What a call was routed to, for labels and logs.
public final class RouteIdentity: Sendable {
    /// The API's name.
    public let api: String
    /// The stage's name.
    public let stage: String
    /// The version's name; `nil` for an API without versions.
    public let version: String?
    /// The route's key as written in the file.
    public let routeKey: String
    /// The path part of the key; `$default` for the default route.
    public let resourcePath: String
    /// Position among all routes of the snapshot, for counters.
    public let index: Int

    /// Makes an identity.
    public init(
        api: String,
        stage: String,
        version: String? = nil,
        routeKey: String,
        resourcePath: String,
        index: Int
    ) {
        self.api = api
        self.stage = stage
        self.version = version
        self.routeKey = routeKey
        self.resourcePath = resourcePath
        self.index = index
    }
}

/// What is known of a call for log and metrics. Times are monotonic nanoseconds, 0 when it did not come to that.
public struct ExchangeRecord: Sendable {
    /// The head's last byte was read.
    public var receivedAt: UInt64 = 0
    /// The request was written to the backend (the last attempt's).
    public var sentToBackendAt: UInt64 = 0
    /// The response's head came from the backend.
    public var backendAnsweredAt: UInt64 = 0
    /// The response's last byte came from the backend.
    public var backendEndedAt: UInt64 = 0
    /// The response's last byte was handed to the client's socket.
    public var endedAt: UInt64 = 0
    /// The status sent to the client; 499 when it left before there was one, 0 while there is none.
    public var status = 0
    /// The backend's status, 0 when there was none.
    public var backendStatus = 0
    /// Body bytes received from the client.
    public var requestBytes = 0
    /// Body bytes sent to the client.
    public var responseBytes = 0
    /// Attempts at backends.
    public var attempts = 0
    /// The target of the last attempt, `host:port`.
    public var target: String?
    /// The backend's name.
    public var backend: String?
    /// Whether the call became a WebSocket connection, which lasts for as long as its ends like.
    public var isTunnel = false
    /// Why the gateway answered itself or gave up; `nil` for a backend's own answer.
    public var cause: Cause?

    /// Makes an empty record.
    public init() {}
}
