public import Quotas
import Synchronization

/// The rates that this node shares with others: a reserve of leased tokens for each bucket in use, the same for all workers.
///
/// Reserves are filled in the ledger's thread, beside the workers.
public final class SharedRates: Sendable {
    /// The most buckets in use at a time; further callers are refused until one is not.
    public static let mostReserves = 65_536

    private let ledger: any RateLedger
    private let clock: @Sendable () -> UInt64
    private let report: @Sendable ((any Error)?) -> Void
    private let reserves = Mutex<[String: RateReserve]>([:])
    private let number = Atomic<Int64>(0)
    private let isFailing = Atomic<Bool>(false)
    private let isStopped = Atomic<Bool>(false)
    private let withoutPlace = Atomic<Int>(0)
    private let mostKept: Int

    /// Makes rates of a ledger.
    /// - Parameters:
    ///   - mostReserves: how many buckets may be in use at a time.
    ///   - clock: monotonic nanoseconds, the same as the workers'.
    ///   - report: is told when the ledger fails, and with `nil` when it does no longer.
    public init(
        ledger: any RateLedger,
        mostReserves: Int = mostReserves,
        clock: @escaping @Sendable () -> UInt64,
        report: @escaping @Sendable ((any Error)?) -> Void = { _ in }
    ) {
        self.ledger = ledger
        mostKept = mostReserves
        self.clock = clock
        self.report = report
    }

    /// Renews, gives back and forgets, until `stop`.
    public func run() async {
        while !isStopped.load(ordering: .relaxed), (try? await Task.sleep(for: .seconds(1))) != nil {
            ledger.perform { self.look() }
        }
    }

    /// Lets nothing be taken any more, and gives back what was not spent.
    public func stop() async {
        isStopped.store(true, ordering: .relaxed)
        await withCheckedContinuation { continuation in
            ledger.perform {
                let left = Pending { continuation.resume() }
                for reserve in self.all {
                    guard let (lease, unspent) = reserve.close() else { continue }
                    left.add()
                    self.ledger.giveBack(lease, unspent: unspent) { left.remove() }
                }
                left.remove()
            }
        }
    }

    /// How many calls were refused since too many buckets were in use.
    public var refusedWithoutPlace: Int { withoutPlace.load(ordering: .relaxed) }

    // MARK: For workers

    /// Whether Redis did not answer the last time.
    var isAway: Bool { isFailing.load(ordering: .relaxed) }

    /// The reserve of a bucket; `nil` when there are too many. Takes a lock: to be kept with the worker.
    func reserve(for key: String, _ shape: RateShape) -> RateReserve? {
        let (known, isNew) = reserves.withLock { reserves -> (RateReserve?, Bool) in
            let known = reserves[key]
            if let known, !known.isOver { return (known, false) }
            guard known != nil || reserves.count < mostKept else { return (nil, false) }
            let fresh = RateReserve(key: key, shape: shape, rates: self)
            reserves[key] = fresh
            return (fresh, true)
        }
        if let known, !isNew { known.change(to: shape) }
        if known == nil { withoutPlace.wrappingAdd(1, ordering: .relaxed) }
        return known
    }

    /// Has a reserve filled, on the ledger's thread.
    func serve(_ reserve: RateReserve) { ledger.perform { self.fill(reserve) } }

    // MARK: On the ledger's thread

    func nextNumber() -> Int64 { number.wrappingAdd(1, ordering: .relaxed).newValue }

    private var all: [RateReserve] { reserves.withLock { Array($0.values) } }

    private func fill(_ reserve: RateReserve) {
        let sent = clock()
        guard let request = reserve.request(at: sent) else { return reserve.skip() }
        ledger.lease(request) { result in
            let now = self.clock()
            switch result {
            case .success(let lease):
                if self.isFailing.exchange(false, ordering: .relaxed) { self.report(nil) }
                reserve.fill(lease, for: request, sent: sent, at: now, share: Double.random(in: 0...1))
            case .failure(let error):
                self.isFailing.store(true, ordering: .relaxed)
                self.report(error)
                reserve.fail(at: now)
            }
        }
    }

    /// Once a second.
    func look() {
        let now = clock()
        var retired: [RateReserve] = []
        for reserve in all {
            switch reserve.look(at: now) {
            case .nothing: break
            case .giveBack(let lease, let unspent): ledger.giveBack(lease, unspent: unspent) {}
            case .retire: retired.append(reserve)
            }
        }
        guard !retired.isEmpty else { return }
        reserves.withLock { reserves in
            for reserve in retired where reserves[reserve.key] === reserve { reserves[reserve.key] = nil }
        }
    }
}

/// Counts what is under way, beginning with one, and tells when nothing is.
private final class Pending: Sendable {
    private let count = Atomic(1)
    private let done: @Sendable () -> Void

    init(done: @escaping @Sendable () -> Void) { self.done = done }

    func add() { count.wrappingAdd(1, ordering: .relaxed) }

    func remove() {
        if count.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { done() }
    }
}
