import Exchange
import Listen
import Model
import NIOCore
import Synchronization

/// How many requests all workers have in flight together. Counted only while there is a limit on them.
final class RequestsInFlight: Sendable {
    private let count = Atomic(0)

    /// Counts one more.
    /// - Returns: `false`, and nothing is counted, when there would be more than `limit`.
    func add(limit: Int) -> Bool {
        if count.wrappingAdd(1, ordering: .relaxed).oldValue < limit { return true }
        remove()
        return false
    }

    func remove() { count.wrappingSubtract(1, ordering: .relaxed) }

    var current: Int { count.load(ordering: .relaxed) }
}

/// Refuses requests that the gateway had better not take on: beyond the limit of those in flight, or a share of all while the
/// worker is behind. Confined to the worker's loop.
final class RequestAdmission {
    /// What it is doing, for metrics.
    struct Status: Sendable {
        var share = 0.0
        var delay: UInt64 = 0
    }

    /// How soon a probe is due: within the loop's next round, so that it is late by what the round takes.
    private static let probe = TimeAmount.milliseconds(1)

    /// Whether any request can be refused.
    private(set) var isActive = false
    private var rule: Overload?
    private var shedding: LoadShedding?
    private var exempt: [[UInt8]] = []
    private var limit: Int?
    private let inFlight: RequestsInFlight
    private let eventLoop: any EventLoop
    private var scheduled: Scheduled<Void>?

    init(eventLoop: any EventLoop, inFlight: RequestsInFlight) {
        self.eventLoop = eventLoop
        self.inFlight = inFlight
    }

    /// Takes over limits. What is known of the delay is kept when its rule stays.
    func apply(_ limits: Limits) {
        limit = limits.requests
        exempt = limits.overload?.exempt.map { Array($0.utf8) } ?? []
        isActive = limit != nil || limits.overload != nil
        let wasMeasuring = shedding != nil
        if limits.overload?.target != rule?.target || limits.overload?.interval != rule?.interval {
            shedding = limits.overload.map {
                LoadShedding(target: $0.target.nanoseconds, interval: $0.interval.nanoseconds)
            }
        }
        rule = limits.overload
        if !wasMeasuring { scheduleObservation() }
    }

    /// `nil` when measuring is off.
    var status: Status? { shedding.map { Status(share: $0.share, delay: $0.delay) } }

    // MARK: Calls

    /// Whether a call may go on; the path is the canonical one. One that is counted has to be `release`d.
    func admit(_ exchange: Exchange) -> Refusal? {
        let isOver = limit.map { !inFlight.add(limit: $0) } ?? false
        if !isOver, limit != nil { exchange.isCounted = true }
        let isShed = shedding?.refusesNext() ?? false
        guard isOver || isShed, !isExempt(exchange) else { return nil }
        return Refusal(
            status: 503,
            cause: isOver ? "overload.requests" : "overload.shed",
            fields: [ReplyField("Retry-After", "1")]
        )
    }

    /// A counted call is over.
    func release() { inFlight.remove() }

    private func isExempt(_ exchange: Exchange) -> Bool {
        guard !exempt.isEmpty else { return false }
        let path = exchange.path
        let bytes = path.buffer.readableBytesUInt8Span.extracting(path.range.range)
        return exempt.contains { candidate in
            candidate.count == bytes.count && candidate.indices.allSatisfy { candidate[$0] == bytes[$0] }
        }
    }

    // MARK: The loop's delay

    private func scheduleObservation() {
        guard let shedding else { return }
        let pause = TimeAmount.nanoseconds(Int64(clamping: shedding.observationPause))
        scheduled = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in self?.startProbe() }
    }

    private func startProbe() {
        let due = NIODeadline.now() + Self.probe
        scheduled = eventLoop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in self?.endProbe(due: due) }
    }

    private func endProbe(due: NIODeadline) {
        let now = NIODeadline.now()
        shedding?.observe(delay: UInt64(clamping: (now - due).nanoseconds), at: now.uptimeNanoseconds)
        scheduleObservation()
    }

    /// Measures no more, so that the loop can stop.
    func stop() {
        shedding = nil
        scheduled?.cancel()
        scheduled = nil
    }
}
