import Quotas
import Synchronization

@testable import Throttling

/// A ledger in memory that keeps all it was told, and fails when it is told to.
final class MemoryQuotaLedger: QuotaLedger {
    struct Failure: Error {}

    struct State {
        var taken: [QuotaWindow: Int] = [:]
        var spent: [QuotaWindow: Int] = [:]
        var requests: [QuotaLeaseRequest] = []
        var isFailing = false
    }

    let state = Mutex(State())

    func lease(_ requests: [QuotaLeaseRequest]) async throws -> [QuotaLease] {
        try state.withLock { state in
            guard !state.isFailing else { throw Failure() }
            return requests.map { request in
                state.requests.append(request)
                let free = max(0, request.limit - state.taken[request.window, default: 0])
                let granted = min(request.wanted, free)
                state.taken[request.window, default: 0] += granted
                return QuotaLease(granted: granted, left: free - granted)
            }
        }
    }

    func settle(_ settlements: [QuotaSettlement]) async throws {
        try state.withLock { state in
            guard !state.isFailing else { throw Failure() }
            for settlement in settlements {
                state.taken[settlement.window, default: 0] -= settlement.returned
                state.spent[settlement.window, default: 0] += settlement.spent
            }
        }
    }
}

/// Both clocks, as the test sets them.
final class ManualQuotaClock: Sendable {
    private let time = Mutex(QuotaTime(second: 1_795_255_200, monotonic: 1_000_000_000_000))

    var now: QuotaTime { time.withLock { $0 } }

    func advance(seconds: Int64) {
        time.withLock { time in
            time.second += seconds
            time.monotonic += UInt64(seconds) * 1_000_000_000
        }
    }
}
