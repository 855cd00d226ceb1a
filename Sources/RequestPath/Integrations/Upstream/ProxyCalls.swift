public import Exchange

/// A worker's calls to backends, used again and again.
public final class ProxyCalls {
    private static let kept = 256

    private let worker: WorkerContext
    private var idle: [ProxyCall] = []

    /// Makes an empty store.
    public init(worker: WorkerContext) { self.worker = worker }

    /// Lets a backend answer an exchange.
    public func start(_ exchange: Exchange, plan: ProxyPlan, upstream: Upstream) {
        let call = idle.popLast() ?? ProxyCall(worker: worker) { [unowned self] in give($0) }
        call.start(exchange, plan: plan, upstream: upstream)
    }

    private func give(_ call: ProxyCall) {
        if idle.count < Self.kept { idle.append(call) } else { call.discard() }
    }
}
