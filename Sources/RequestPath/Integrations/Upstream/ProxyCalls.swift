public import Exchange
import NIOCore
import Wire

/// A worker's calls to backends, used again and again.
public final class ProxyCalls {
    private let worker: WorkerContext
    private var idle = Spares<ProxyCall>(limit: 256)

    /// Makes an empty store.
    public init(worker: WorkerContext) { self.worker = worker }

    /// Lets a backend answer an exchange.
    public func start(_ exchange: Exchange, plan: ProxyPlan, upstream: Upstream) {
        var webSocketKey: ByteBuffer?
        if plan.webSocket != nil, exchange.request.section.names.has(.upgrade) {
            switch WebSocketHandshake.read(exchange.request) {
            case .none: break
            case .opens(let key): webSocketKey = exchange.request.bytes(of: key)
            case .faulty(let fault): return exchange.refuse(fault.refusal)
            }
        }
        let call = idle.take() ?? ProxyCall(worker: worker) { [unowned self] in give($0) }
        call.start(exchange, plan: plan, upstream: upstream, webSocketKey: webSocketKey)
    }

    private func give(_ call: ProxyCall) {
        if !idle.give(call) { call.discard() }
    }

    /// Lets go of the calls that were not needed since the last time.
    public func letGoOfSpares() {
        for call in idle.letGo() { call.discard() }
    }
}
