public import NIOCore

extension QuotaReserve {
    /// Goes on with a call for which `take` said `.wait`, as soon as the reserve was filled. For a step that answers `Verdict.wait`.
    /// - Parameters:
    ///   - loop: the call's loop, on which this is called, and `done` is, once, and not before this returned.
    ///   - limit: how long to wait before it is `.unavailable`.
    ///   - clock: seconds since 1970.
    public func wait(
        on loop: any EventLoop,
        within limit: TimeAmount,
        clock: @escaping () -> Int64,
        done: @escaping (consuming QuotaTake) -> Void
    ) {
        QuotaWait(reserve: self, loop: loop, clock: clock, done: done).start(within: limit)
    }
}

/// A call that waits for a reserve. Confined to the call's loop.
private final class QuotaWait {
    private let reserve: QuotaReserve
    private let loop: any EventLoop
    private let clock: () -> Int64
    private var done: ((consuming QuotaTake) -> Void)?
    private var timeout: Scheduled<Void>?

    init(
        reserve: QuotaReserve,
        loop: any EventLoop,
        clock: @escaping () -> Int64,
        done: @escaping (consuming QuotaTake) -> Void
    ) {
        self.reserve = reserve
        self.loop = loop
        self.clock = clock
        self.done = done
    }

    func start(within limit: TimeAmount) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        timeout = loop.scheduleTask(in: limit) { bound.value.finish(.unavailable) }
        register()
    }

    private func register() {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        guard reserve.whenChanged({ loop.execute { bound.value.retry() } }) else {
            loop.execute { bound.value.finish(.unavailable) }
            return
        }
        // The reserve may have been filled before it knew of this call.
        loop.execute { bound.value.retryOnce() }
    }

    private func retryOnce() {
        guard done != nil else { return }
        let take = reserve.take(at: clock())
        if !take.isWait { finish(take) }
    }

    private func retry() {
        guard done != nil else { return }
        let take = reserve.take(at: clock())
        if take.isWait {
            register()
        } else {
            finish(take)
        }
    }

    private func finish(_ take: consuming QuotaTake) {
        timeout?.cancel()
        guard let done else { return }
        self.done = nil
        done(take)
    }
}
