import Exchange
import Model
import NIOCore
import NIOEmbedded
import Selection
import Synchronization
import Testing
import Wire

@testable import Integrations

/// A backend with one target, whose connections are embedded channels that a test opens and plays the server on.
final class EmbeddedBackend {
    let loop = EmbeddedEventLoop()
    let worker: WorkerContext
    let upstream: Upstream
    let calls: ProxyCalls
    private(set) var channels: [EmbeddedChannel] = []
    private let told: Told

    /// - Parameter inFlight: is shared with backends of other workers.
    init(_ settings: Backend = .sample(), inFlight: InFlightCounts = InFlightCounts()) throws {
        worker = WorkerContext(eventLoop: loop, seed: 1)
        let told = Told()
        self.told = told
        upstream = Upstream(
            try BackendPlan(settings),
            worker: worker,
            workers: 1,
            inFlight: inFlight,
            report: { trouble in told.all.withLock { $0.append(trouble) } }
        )
        calls = ProxyCalls(worker: worker)
        try apply(settings)
    }

    /// What operators were told.
    var troubles: [UpstreamTrouble] { told.all.withLock { $0 } }

    /// Changes the settings, as a reload does.
    func apply(_ settings: Backend) throws {
        let targets = try settings.targets.map { target in
            ResolvedTarget(target: target, address: try SocketAddress(ipAddress: target.host, port: target.port))
        }
        upstream.apply(try BackendPlan(settings), targets: targets)
    }

    /// Begins an attempt without a call.
    func begin(now: UInt64? = nil) throws(BackendFailure) -> Attempt {
        try upstream.begin(for: Exchange(worker: worker), now: now ?? worker.now, tried: .init())
    }

    /// The endpoint that the next attempt would go to.
    var endpoint: Endpoint {
        get throws {
            let attempt = try begin()
            upstream.ended(attempt, .unknown, now: worker.now)
            return attempt.endpoint
        }
    }

    /// Opens a connection, which counts as lent until it is released.
    func open() throws -> UpstreamConnection {
        let endpoint = try endpoint
        guard case .connect = endpoint.pool.lease(for: ProxyCall(worker: worker) { _ in }) else {
            throw ChannelError.operationUnsupported
        }
        let parser = ResponseParser(limits: HeadLimits(), names: worker.fieldNames)
        let connection = UpstreamConnection(endpoint: endpoint, parser: parser, worker: worker)
        let channel = EmbeddedChannel(handler: connection, loop: loop)
        try channel.connect(to: endpoint.address).wait()
        channels.append(channel)
        return connection
    }

    /// Begins a call. Its head, in bytes, has to be a whole one.
    /// - Parameter isWritten: whether the loop's turn ends, at whose end requests are written.
    func call(
        _ head: String,
        timeouts: Timeouts = Timeouts(),
        isWritten: Bool = true
    ) throws -> (Exchange, RecordingClient) {
        let exchange = Exchange(worker: worker)
        let bytes = ByteBuffer(string: head)
        _ = try RequestParser(limits: HeadLimits(), names: worker.fieldNames)
            .parse(bytes, scanned: 0, into: &exchange.request)
        exchange.request.bytes = bytes
        exchange.path = CanonicalPath(buffer: bytes, range: exchange.request.path)
        exchange.record.receivedAt = worker.now
        let client = RecordingClient(exchange)
        exchange.client = client
        let integration = HTTPProxyIntegration(backend: upstream.name, timeouts: timeouts)
        let plan = try ProxyPlan(integration, backend: 0, parameters: [], stripsBasePath: true)
        calls.start(exchange, plan: plan, upstream: upstream)
        if isWritten { loop.run() }
        return (exchange, client)
    }

    /// All that was written to a connection so far and not read by the test.
    func received(by channel: EmbeddedChannel) throws -> String {
        loop.run()
        var text = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        return text
    }
}

/// Keeps what operators are told.
private final class Told: Sendable {
    let all = Mutex<[UpstreamTrouble]>([])
}

/// A client's side that notes what it is told.
final class RecordingClient: ClientStream {
    private(set) var events: [String] = []
    private(set) var status = 0
    private(set) var cause: Cause?
    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    func sendInformational(_ head: borrowing ResponseHead) { events.append("interim \(head.status)") }

    func send(_ head: borrowing ResponseHead) {
        status = head.status
        events.append("head \(head.status)")
    }

    func sendBody(_ part: ByteBuffer) { events.append("body \(String(buffer: part))") }

    func sendEnd(trailers: ByteBuffer?) { events.append("end") }

    func send(_ reply: Reply) {
        status = reply.status
        cause = exchange.record.cause
        events.append("reply \(reply.status)")
    }

    func flush() {}

    func abort(_ cause: Cause) {
        self.cause = cause
        events.append("abort")
    }

    func resumeRequestBody() { events.append("resume") }
}

extension Backend {
    /// A backend that nothing is ever sent to over a network.
    static func sample(
        targets: [Target] = [Target(host: "192.0.2.1", port: 80)],
        balance: Balance = .leastRequests,
        retry: Retry = Retry(),
        pool: Pool = Pool(),
        breaker: Breaker? = nil,
        ejection: Ejection = Ejection(),
        concurrency: Int? = nil
    ) -> Backend {
        Backend(
            name: "b",
            targets: targets,
            balance: balance,
            retry: retry,
            pool: pool,
            ejection: ejection,
            breaker: breaker,
            concurrency: concurrency
        )
    }
}
