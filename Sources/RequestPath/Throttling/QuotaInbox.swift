import Synchronization

/// The reserves that need the keeper, and how it is woken.
///
/// A worker comes here once for each block of calls, not for each call; the lock is held for one append.
final class QuotaInbox: Sendable {
    private let reserves = Mutex<[QuotaReserve]>([])
    private let signal: AsyncStream<Void>.Continuation
    /// One element or more after each time that something came in.
    let signals: AsyncStream<Void>

    init() {
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func add(_ reserve: QuotaReserve) {
        let wasEmpty = reserves.withLock { reserves in
            reserves.append(reserve)
            return reserves.count == 1
        }
        if wasEmpty { signal.yield() }
    }

    /// All that came in.
    func takeAll() -> [QuotaReserve] {
        reserves.withLock { reserves in
            defer { reserves = [] }
            return reserves
        }
    }

    /// Ends `signals`.
    func finish() { signal.finish() }
}
