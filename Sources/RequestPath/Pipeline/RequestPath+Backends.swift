import Exchange
import Integrations

/// Phase 4 where a backend answers: which one does.
extension Worker {
    /// Has a backend answer: that of a row of the live table, for the route rather than for its API; else the customer's own; else the
    /// route's.
    func forward(_ plan: Plan, _ proxy: ProxyPlan, _ exchange: Exchange) {
        let upstream: Upstream?
        if plan.backendTable == nil && plan.backendChoice == nil {
            upstream = self.upstream(at: proxy.backend, named: proxy.backendName)
        } else {
            switch chosen(for: exchange.principal?.customer, plan) {
            case .routes: upstream = self.upstream(at: proxy.backend, named: proxy.backendName)
            case .place(let place): upstream = self.upstream(at: place.position, named: place.name)
            case .unknown: return exchange.refuse(BackendTables.unavailable)
            }
        }
        guard let upstream else { return exchange.refuse(Refusal(status: 503, cause: "backend.removed")) }
        calls.start(exchange, plan: proxy, upstream: upstream)
    }

    private enum Choice {
        /// What the route says.
        case routes
        case place(BackendChoice.Place)
        /// The table may have a row, and was never read.
        case unknown
    }

    private func chosen(for customer: String?, _ plan: Plan) -> Choice {
        guard let customer else { return .routes }
        if let position = plan.backendTable, let route = plan.identity {
            guard let table = backendTables.table(at: position, of: route.api) else { return .unknown }
            if let place = table.place(for: customer, route: route.routeKey) { return .place(place) }
        }
        return plan.backendChoice?.byCustomer[customer].map { .place($0) } ?? .routes
    }

    /// The position is that of the call's own snapshot. A step may have waited over a reload, which has moved the backend.
    private func upstream(at position: Int, named name: String) -> Upstream? {
        if position < upstreams.count, upstreams[position].name == name { return upstreams[position] }
        return upstreams.first { $0.name == name }
    }
}
