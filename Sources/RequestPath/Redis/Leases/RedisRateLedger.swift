import NIOCore
public import Quotas

/// The ledger of rates that several nodes share: a bucket in Redis for each limit and caller, out of which each node leases tokens.
///
/// Exact as `RateLimit` is.
public final class RedisRateLedger: RateLedger {
    private let client: NIOLoopBound<RedisClient>
    private let loop: any EventLoop
    private let holder: String

    /// Makes a ledger of a process. On the client's loop.
    public init(_ client: RedisClient) {
        self.client = NIOLoopBound(client, eventLoop: client.eventLoop)
        loop = client.eventLoop
        holder = DrawnName.new()
    }

    /// Does work on the client's loop.
    public func perform(_ work: @escaping @Sendable () -> Void) { loop.execute(work) }

    /// Leases tokens.
    public func lease(_ request: RateLeaseRequest, done: @escaping @Sendable (Result<RateLease, any Error>) -> Void) {
        guard let limit = limit(of: request) else { return done(.failure(RedisError.unexpectedReply)) }
        var wish = wish(request)
        wish.kept = request.kept
        switch request.former {
        case .none: wish.ended = .none
        case .answered(let number, let unspent): wish.ended = .answered(number: number, unspent: unspent)
        case .unanswered(let number): wish.ended = .unanswered(number: number)
        }
        client.value.lease(limit, wish) { result in
            done(
                result.map {
                    RateLease(
                        granted: $0.granted,
                        left: $0.remaining,
                        expiresAfter: $0.expiresAfter,
                        resetsAfter: $0.resetsAfter,
                        retryAfter: $0.retryAfter
                    )
                }.mapError { $0 }
            )
        }
    }

    /// Ends a lease.
    public func giveBack(_ lease: RateLeaseRequest, unspent: Int, done: @escaping @Sendable () -> Void) {
        guard let limit = limit(of: lease) else { return done() }
        client.value.giveBack(limit, wish(lease), unspent: unspent) { _ in done() }
    }

    private func limit(of request: RateLeaseRequest) -> SharedLimit? {
        let shape = request.shape
        return RateLimit(limit: shape.requests, period: Int64(shape.period), burst: shape.burst).map { .rate($0) }
    }

    private func wish(_ request: RateLeaseRequest) -> LeaseRequest {
        LeaseRequest(
            key: request.key,
            holder: holder,
            number: request.number,
            wanted: request.wanted,
            timeToLive: request.timeToLive
        )
    }
}
