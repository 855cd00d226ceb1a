import Exchange
import Model
import NIOCore
import Selection
import Wire

/// One address of a backend's target, as one worker sees it: its connections and what is written for it.
final class Endpoint {
    let target: Backend.Target
    let address: SocketAddress
    /// Known by this across reloads and workers.
    let identity: UInt64
    /// `Host: authority CRLF`.
    let hostLine: ByteBuffer
    let pathPrefix: ByteBuffer
    /// For logs and metrics, `host:port`.
    let name: String
    /// Its place in the balancer; `nil` once a reload has removed it.
    var index: Int?
    /// Its share relative to the other endpoints.
    private(set) var weight: Int
    var pool: ConnectionPool<UpstreamConnection, ProxyCall>
    /// WebSocket connections, which are no longer the pool's.
    var tunnels = 0
    private var maxTunnels: Int
    /// What metrics count.
    var totals = EndpointTotals()
    /// Whether operators were told that it is left out, and not yet that it is back.
    var isToldEjected = false
    /// Requests that may be in flight from all workers; `nil` is any number.
    private var concurrency: Int?
    private(set) var inFlight: InFlightCount?
    /// Its streams, as long as it speaks HTTP/2.
    var streams: StreamPool<UpstreamHTTP2Connection, ProxyCall>
    var usesHTTP2: Bool
    private(set) var idleTimeout: UInt64
    /// A connection of HTTP/2 on which nothing came for so long has to prove that it lives.
    private(set) var pingInterval: UInt64
    /// What the last call allowed for opening a connection.
    var connectTimeout: UInt64 = 0
    private var offersHTTP2: Bool
    private var tls: UpstreamTLS?
    let worker: WorkerContext
    let parser: ResponseParser
    private let backend: String
    private let sendReport: UpstreamReport
    private var nextReport: UInt64 = 0

    /// The pause between two reports, in nanoseconds: one says as much as a thousand of the same minute.
    private static let reportPause: UInt64 = 10_000_000_000

    init(_ resolved: ResolvedTarget, plan: BackendPlan, worker: WorkerContext, report: @escaping UpstreamReport) {
        let settings = plan.settings
        target = resolved.target
        address = resolved.address
        identity = resolved.identity
        hostLine = ByteBuffer(string: "Host: \(target.authority)\r\n")
        pathPrefix = ByteBuffer(string: target.pathPrefix)
        name = resolved.name
        weight = resolved.target.weight
        pool = ConnectionPool(maxConnections: settings.pool.maxConnections, maxWaiting: settings.pool.maxWaiting)
        streams = StreamPool(
            maxConnections: settings.pool.maxConnections,
            maxStreams: settings.pool.maxStreams,
            maxWaiting: settings.pool.maxWaiting
        )
        maxTunnels = settings.pool.maxWebSockets
        idleTimeout = settings.pool.idleTimeout.nanoseconds
        pingInterval = settings.pool.pingInterval.nanoseconds
        offersHTTP2 = Self.offersHTTP2(resolved.target, settings)
        usesHTTP2 = offersHTTP2
        tls = plan.tls
        self.worker = worker
        backend = settings.name
        sendReport = report
        parser = ResponseParser(limits: HeadLimits(headBytes: 65_536, fieldCount: 200), names: worker.fieldNames)
    }

    /// Limits the requests in flight, which all workers count together, or no longer does.
    func limit(_ concurrency: Int?, _ count: @autoclosure () -> InFlightCount) {
        self.concurrency = concurrency
        inFlight = concurrency == nil ? nil : inFlight ?? count()
    }

    /// Counts one more request in flight, where that is limited. Answers whether it may be sent.
    func enter() -> Bool {
        guard let inFlight, let concurrency else { return true }
        return inFlight.enter(limit: concurrency)
    }

    /// Why it can't be given another WebSocket connection.
    var tunnelRefusal: BackendFailure? {
        switch target.scheme {
        case .h2, .h2c: .noWebSocket
        case .http, .https: tunnels < maxTunnels ? nil : .tooManyTunnels
        }
    }

    /// Takes over what a reload may change of an endpoint that stays.
    func apply(_ resolved: ResolvedTarget, plan: BackendPlan) {
        let settings = plan.settings
        tls = plan.tls
        weight = resolved.target.weight
        maxTunnels = settings.pool.maxWebSockets
        let limits = settings.pool
        idleTimeout = limits.idleTimeout.nanoseconds
        pingInterval = limits.pingInterval.nanoseconds
        streams.setLimits(
            maxConnections: limits.maxConnections,
            maxStreams: limits.maxStreams,
            maxWaiting: limits.maxWaiting
        )
        let offersHTTP2 = Self.offersHTTP2(target, settings)
        if offersHTTP2 != self.offersHTTP2 {
            self.offersHTTP2 = offersHTTP2
            usesHTTP2 = offersHTTP2
            retireStreams()
        }
        for call in pool.setLimits(maxConnections: limits.maxConnections, maxWaiting: limits.maxWaiting) {
            connect(for: call)
        }
    }

    private static func offersHTTP2(_ target: Backend.Target, _ settings: Backend) -> Bool {
        switch target.scheme {
        case .http: false
        case .https: settings.tls.http2
        case .h2, .h2c: true
        }
    }

    /// Gets a stream for a call: at once, or later (`ProxyCall.connected`), or not at all (`ProxyCall.failed`).
    func lease(for call: ProxyCall) -> (any BackendStream)? {
        // A WebSocket connection takes a whole connection of HTTP/1.1.
        if usesHTTP2, !call.opensWebSocket { return leaseStream(for: call) }
        switch pool.lease(for: call, mayReuse: call.mayReuseConnection) {
        case .connection(let connection):
            connection.stopResting()
            return connection
        case .connect: connect(for: call)
        case .replace(let connection):
            connection.close()
            connect(for: call)
        case .wait: break
        case .refuse: call.failed(.poolFull)
        }
        return nil
    }

    /// A connection's call is over and it may serve another one.
    func release(_ connection: UpstreamConnection, now: UInt64) {
        guard index != nil, !pool.isOverLimit else {
            connection.close()
            return
        }
        guard let call = pool.release(connection) else {
            connection.rest(until: now &+ idleTimeout)
            return
        }
        if call.mayReuseConnection {
            call.connected(connection)
        } else {
            pool.replace()
            connection.close()
            connect(for: call)
        }
    }

    /// A connection is closed, or carries something else than calls from now on.
    func closed(_ connection: UpstreamConnection) {
        if let call = pool.closed(connection) { connect(for: call) }
    }

    /// Whether a call waits for a connection to become free.
    func isInLine(_ call: ProxyCall) -> Bool {
        pool.isWaiting(call) || !streams.isConnecting && streams.isWaiting(call)
    }

    func cancel(_ call: ProxyCall) {
        pool.cancel(call)
        streams.cancel(call)
    }

    /// A reload has removed the target: what is in flight is finished, the rest is closed.
    func retire() {
        index = nil
        for connection in pool.takeIdle() { connection.close() }
        retireStreams()
    }

    private func connect(for call: ProxyCall) {
        let generation = call.generation
        open(limit: call.connectTimeout, mayChoose: !call.opensWebSocket) { [self] outcome in
            connectEnded(outcome, for: call, generation: generation)
        }
    }

    /// Opens a connection of whatever protocol the target chooses.
    /// - Parameter mayChoose: whether a target that may choose HTTP/2 is let to.
    func open(
        limit: UInt64,
        mayChoose: Bool = true,
        _ completion: @escaping (ConnectionOpening.Outcome) -> Void
    ) {
        ConnectionOpening(to: self, tls: tls, mayChoose: mayChoose, worker: worker, limit: limit) { [self] outcome in
            if case .failure(.tlsFailed(let reason)) = outcome { report(reason) }
            completion(outcome)
        }
        .start()
    }

    private func connectEnded(_ outcome: ConnectionOpening.Outcome, for call: ProxyCall, generation: Int) {
        // The call may have given up meanwhile, and even serve another exchange by now.
        let isWanted = call.generation == generation
        switch outcome {
        case .success(.http1(let connection)):
            // One that was closed as soon as it was opened has already been reported by `closed`.
            guard connection.isOpen else { return isWanted ? call.failed(.connectFailed) : () }
            if isWanted { call.connected(connection) } else { release(connection, now: worker.now) }
        case .success(.http2(let connection)):
            // The target has changed its mind since its last handshake.
            usesHTTP2 = true
            if let next = pool.connectFailed() { connect(for: next) }
            streams.adopt()
            opened(connection)
            if isWanted, let stream = leaseStream(for: call) { call.connected(stream) }
        case .failure(let failure):
            if let next = pool.connectFailed() { connect(for: next) }
            if isWanted { call.failed(failure) }
        }
    }

    private func report(_ failure: HandshakeFailure) {
        guard worker.now >= nextReport else { return }
        nextReport = worker.now &+ Self.reportPause
        sendReport(UpstreamTrouble(backend: backend, target: name, reason: failure.description))
    }
}
