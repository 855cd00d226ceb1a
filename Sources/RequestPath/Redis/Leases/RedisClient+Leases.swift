import RESP

/// A limit that is shared through Redis.
public enum SharedLimit: Sendable, Hashable {
    /// So many from one moment to another.
    case window(WindowLimit)
    /// So many a period, and so many at once.
    case rate(RateLimit)
}

extension RedisClient {
    /// Takes tokens of a shared limit, in one atomic script; with them goes back what the holder has left of its last lease.
    /// - Parameter completion: is told what there is to spend. It gives times after the sending of the request, not after the answer.
    public func lease(
        _ limit: SharedLimit,
        _ request: LeaseRequest,
        timeout: UInt64? = nil,
        completion: @escaping (Result<Lease, LeaseFailure>) -> Void
    ) {
        let command =
            switch limit {
            case .window(let window): window.leaseCommand(request)
            case .rate(let rate): rate.leaseCommand(request)
            }
        send(command, timeout: timeout) { result in
            switch (result, limit) {
            case (.failure(let error), _): completion(.failure(.redis(error)))
            case (.success(let reply), .window(let window)): completion(window.lease(from: reply))
            case (.success(let reply), .rate(let rate)): completion(rate.lease(from: reply))
            }
        }
    }

    /// Gives back what was not spent of a lease, which is over with that. Sent twice, it is done once.
    /// - Parameters:
    ///   - request: the one that was granted; it names key, holder and number.
    ///   - completion: is told how many tokens the limit has taken back: none when the lease is unknown or over.
    public func giveBack(
        _ limit: SharedLimit,
        _ request: LeaseRequest,
        unspent: Int,
        timeout: UInt64? = nil,
        completion: @escaping (Result<Int, RedisError>) -> Void
    ) {
        let command =
            switch limit {
            case .window(let window): window.giveBackCommand(request, unspent: unspent)
            case .rate(let rate): rate.giveBackCommand(request, unspent: unspent)
            }
        send(command, timeout: timeout) { result in
            switch result {
            case .failure(let error): completion(.failure(error))
            case .success(let reply):
                guard let returned = reply.integer else { return completion(.failure(.unexpectedReply)) }
                completion(.success(Int(returned)))
            }
        }
    }
}
