import Model

/// What answers a request on the route that it takes.
struct ExplainedIntegration: Encodable {
    /// One server that may be asked.
    struct Target: Encodable {
        /// What it is asked for.
        var method: String
        var url: String
        var weight: Int
    }

    /// `http_proxy` or `mock`.
    var type: String
    /// The status of a mock.
    var status: Int?
    var backend: String?
    /// The route's backend, whose place this one takes for the customer.
    var insteadOf: String?
    /// How one of the targets is chosen.
    var balance: String?
    var targets: [Target]?
    /// Whether a row of the API's live table, which is not asked here, may send the call to another backend.
    var isTabled: Bool?

    private enum CodingKeys: String, CodingKey {
        case type, status, backend, balance, targets
        case insteadOf = "instead_of"
        case isTabled = "backend_table"
    }

    /// - Parameters:
    ///   - customer: who calls, when that is known.
    ///   - remainder: the path without what the API takes off it.
    ///   - parameters: the values of the route's parameters.
    ///   - hasTable: whether the API has a live table of backends.
    init(
        of route: Route,
        remainder: String,
        parameters: [ExplainedRequest.Parameter],
        request: ExplainedRequest.Request,
        backends: [Backend],
        customer: Customer?,
        hasTable: Bool
    ) {
        switch route.integration {
        case .mock(let mock):
            type = "mock"
            status = mock.status
        case .httpProxy(let proxy):
            type = "http_proxy"
            let own = customer?.backends.first { $0.backend == proxy.backend }
            let chosen = own?.replacement ?? proxy.backend
            backend = chosen
            insteadOf = own?.backend
            if hasTable, route.access != nil { isTabled = true }
            guard let named = backends.first(where: { $0.name == chosen }) else { return }
            balance = named.balance.name
            let path: String
            switch proxy.target {
            case .remainder: path = remainder.isEmpty ? "/" : remainder
            case .template(let template): path = template.filled(with: parameters)
            }
            let query = request.query.map { "?" + $0 } ?? ""
            targets = named.targets.map { target in
                Target(
                    method: proxy.method ?? request.method,
                    url: "http://" + target.authority + target.pathPrefix + path + query,
                    weight: target.weight
                )
            }
        }
    }
}

extension PathTemplate {
    fileprivate func filled(with parameters: [ExplainedRequest.Parameter]) -> String {
        let path = segments.map { segment in
            switch segment {
            case .literal(let text): "/" + text
            case .parameter(let name), .greedy(let name):
                "/" + (parameters.first { $0.name == name }?.value ?? "")
            }
        }.joined()
        return path.isEmpty ? "/" : path + (hasTrailingSlash ? "/" : "")
    }
}

extension Backend.Balance {
    /// As it is written in the file.
    fileprivate var name: String {
        switch self {
        case .roundRobin: "round-robin"
        case .leastRequests: "least-requests"
        case .hash(.header(let name)): "hash(header:\(name))"
        case .hash(.clientAddress): "hash(ip)"
        case .hash(.path): "hash(path)"
        }
    }
}
