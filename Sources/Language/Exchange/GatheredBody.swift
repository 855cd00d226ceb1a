public import NIOCore

extension Exchange {
    /// The body, when a step has gathered it already.
    public var gatheredBody: GatheredBody? { client as? GatheredBody }

    /// Gathers the request's body for a step that has to see all of it before the call goes on. The step answers `.wait`, and goes
    /// on in `completion`.
    /// - Parameters:
    ///   - limit: the most bytes that are taken.
    ///   - observe: sees each part as it comes.
    ///   - completion: is told how it ended, once, on the worker's loop; maybe before this returns.
    public func gatherBody(
        limit: Int,
        observe: @escaping (ByteBuffer) -> Void,
        completion: @escaping (GatheringOutcome) -> Void
    ) {
        guard let client else { return completion(.abandoned) }
        var bytes = ByteBuffer()
        if case .length(let length) = request.framing {
            guard length <= limit else { return completion(.tooLarge) }
            bytes.reserveCapacity(min(length, 1 << 16))
        }
        let gathering = BodyGathering(exchange: self, client: client, bytes: bytes, limit: limit)
        gathering.observe = observe
        gathering.completion = completion
        integration = gathering
        client.resumeRequestBody()
    }
}

/// How gathering a body has ended.
public enum GatheringOutcome: Sendable {
    /// It is here, as `Exchange.gatheredBody`.
    case whole
    /// It is longer than the step allows. A part of it may be gone: the call has to be refused.
    case tooLarge
    /// The call was given up; nobody is to be answered.
    case abandoned
}

/// Stands in the integration's place while a body is gathered.
private final class BodyGathering: IntegrationCall {
    let exchange: Exchange
    let client: any ClientStream
    var bytes: ByteBuffer
    let limit: Int
    var observe: (ByteBuffer) -> Void = { _ in }
    /// `nil` once it was told.
    var completion: ((GatheringOutcome) -> Void)?

    init(exchange: Exchange, client: any ClientStream, bytes: ByteBuffer, limit: Int) {
        self.exchange = exchange
        self.client = client
        self.bytes = bytes
        self.limit = limit
    }

    func receiveBody(_ part: ByteBuffer) -> Bool {
        guard completion != nil else { return false }
        guard bytes.readableBytes + part.readableBytes <= limit else {
            end(.tooLarge)
            return false
        }
        bytes.writeImmutableBuffer(part)
        observe(part)
        return true
    }

    func receiveEnd(trailers: ByteBuffer?) {
        guard completion != nil else { return }
        exchange.client = GatheredBody(bytes, trailers, of: exchange, from: client)
        end(.whole)
    }

    func cancel() { end(.abandoned) }

    private func end(_ outcome: GatheringOutcome) {
        guard let completion else { return }
        self.completion = nil
        observe = { _ in }
        if outcome != .abandoned { exchange.integration = nil }
        completion(outcome)
    }

    func flush() {}

    func setClientWritable(_ isWritable: Bool) {}
}

/// A request's body that was gathered. It stands before the client's side from then on: an integration asks for the body as ever, and
/// gets what was gathered; what it answers goes through as it is.
public final class GatheredBody: ClientStream {
    /// The body, without trailers.
    public let bytes: ByteBuffer
    private let trailers: ByteBuffer?
    private let exchange: Exchange
    private let client: any ClientStream
    private var isHandedOver = false

    fileprivate init(_ bytes: ByteBuffer, _ trailers: ByteBuffer?, of exchange: Exchange, from client: any ClientStream)
    {
        self.bytes = bytes
        self.trailers = trailers
        self.exchange = exchange
        self.client = client
    }

    /// Hands the body over, once.
    public func resumeRequestBody() {
        guard !isHandedOver, let integration = exchange.integration else { return client.resumeRequestBody() }
        isHandedOver = true
        let call = exchange.callNumber
        if bytes.readableBytes > 0 { _ = integration.receiveBody(bytes) }
        // It may have given up at the sight of it.
        guard exchange.callNumber == call, exchange.integration === integration else { return }
        integration.receiveEnd(trailers: trailers)
        guard exchange.callNumber == call, exchange.integration === integration else { return }
        integration.flush()
    }

    /// Passes it on.
    public func sendInformational(_ head: borrowing ResponseHead) { client.sendInformational(head) }
    /// Passes it on.
    public func send(_ head: borrowing ResponseHead) { client.send(head) }
    /// Passes it on.
    public func sendBody(_ part: ByteBuffer) { client.sendBody(part) }
    /// Passes it on.
    public func sendEnd(trailers: ByteBuffer?) { client.sendEnd(trailers: trailers) }
    /// Passes it on.
    public func send(_ reply: Reply) { client.send(reply) }
    /// Passes it on.
    public func flush() { client.flush() }
    /// Passes it on.
    public func abort(_ cause: Cause) { client.abort(cause) }
}
