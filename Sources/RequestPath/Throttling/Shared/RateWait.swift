import NIOCore

extension RateReserve {
    /// Calls back as soon as the reserve has changed, or after a time, on the call's loop, once, and not before this returned.
    /// - Parameters:
    ///   - loop: the call's loop, on which this is called.
    ///   - limit: how long to wait at most.
    ///   - done: is told whether the reserve has changed.
    func wait(on loop: any EventLoop, within limit: TimeAmount, done: @escaping (Bool) -> Void) {
        RateWait(loop: loop, done: done).start(for: self, within: limit)
    }
}

/// A call that waits for a reserve. Confined to the call's loop.
private final class RateWait {
    private let loop: any EventLoop
    private var done: ((Bool) -> Void)?
    private var timeout: Scheduled<Void>?

    init(loop: any EventLoop, done: @escaping (Bool) -> Void) {
        self.loop = loop
        self.done = done
    }

    func start(for reserve: RateReserve, within limit: TimeAmount) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        timeout = loop.scheduleTask(in: limit) { bound.value.finish(false) }
        guard reserve.whenChanged({ loop.execute { bound.value.finish(true) } }) else {
            loop.execute { bound.value.finish(false) }
            return
        }
        // It may have been filled before it knew of this call.
        if reserve.available > 0 { loop.execute { bound.value.finish(true) } }
    }

    private func finish(_ hasChanged: Bool) {
        timeout?.cancel()
        guard let done else { return }
        self.done = nil
        done(hasChanged)
    }
}
