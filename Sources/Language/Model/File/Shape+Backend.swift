extension Shape<BackendDeclaration> {
    /// An element of `backends`, whose name and place `ModelAssembly` fills in.
    static var backend: Shape {
        let defaults = Backend(name: "", targets: [])
        return Shape.record(
            "a backend",
            .required("targets", Shape<[Located<Backend.Target>]>.list(of: .target, orOne: true), "The servers."),
            .optional(
                "balance",
                .balance,
                default: defaults.balance,
                "How a server is chosen: in turn, the less busy of two, or by a hash of the address, path or a header."
            ),
            .optional(
                "health",
                .healthCheck,
                "Active checks: a GET that must answer 200…399. Without it only failures of requests count."
            ),
            .optional("retry", .retry, default: defaults.retry, "When a failed request is tried again."),
            .optional("pool", .pool, default: defaults.pool, "The connections that a worker keeps to each server."),
            .optional("eject", .ejection, default: defaults.ejection, "Leaving out servers that fail."),
            .optional("breaker", .breaker, "Leaving the backend alone when it fails too often. Without it, never."),
            .optional(
                "concurrency",
                .integer(1...1_000_000),
                "Requests that may be in flight to each server, from all workers together. Without it, any number."
            ),
            .optional(
                "tls",
                .backendTLS,
                "TLS to servers with https or h2 URLs: whom to believe, and who the gateway is."
            ),
            .optional(
                "resolve",
                .duration(from: .seconds(1)),
                default: defaults.resolveInterval,
                "How often names are looked up again."
            )
        ) { targets, balance, health, retry, pool, ejection, breaker, concurrency, tls, resolve in
            BackendDeclaration(
                backend: Backend(
                    name: "",
                    targets: targets.map(\.value),
                    balance: balance,
                    health: health,
                    retry: retry,
                    pool: pool,
                    ejection: ejection,
                    breaker: breaker,
                    concurrency: concurrency,
                    tls: tls?.settings ?? defaults.tls,
                    resolveInterval: resolve
                ),
                tls: tls
            )
        }
        .checked { declaration, node, faults in
            if let tls = node["tls"], !declaration.backend.usesTLS {
                faults.add("no server of this backend has an https or h2 URL", at: tls.location)
            }
            guard case .sequence(let targets) = node["targets"]?.content, targets.isEmpty else { return }
            faults.add("a backend has at least one target", at: (node["targets"] ?? node).location)
        }
    }
}

extension Shape<Backend.Target> {
    fileprivate static var target: Shape {
        let expected = "a URL (http, https, h2 or h2c), as http://127.0.0.1:9001"
        let url = Shape<BackendURL>.scalar(expected) { (text) throws(Fault) in
            let url = try BackendURL(text)
            // A prefix is literal: its parameters would belong to no route.
            _ = try BasePath(url.path ?? "/")
            return url
        }
        let make = { (url: BackendURL, weight: Int) in
            let path = url.path ?? ""
            let prefix = path.hasSuffix("/") ? String(path.dropLast()) : path
            return Backend.Target(
                scheme: url.scheme,
                host: url.host,
                port: url.port,
                pathPrefix: prefix,
                weight: weight
            )
        }
        return .either(
            scalar: url.map { make($0, 1) },
            mapping: .record(
                "a mapping with url and weight",
                .required("url", url, "The server; a path in it is put before every forwarded one."),
                .optional("weight", .integer(1...1_000), default: 1, "Its share relative to the others.")
            ) { url, weight in make(url, weight) }
        )
    }
}

extension Shape<Backend.Balance> {
    fileprivate static var balance: Shape {
        let expected = "round-robin, least-requests, hash(ip), hash(path) or hash(header:NAME)"
        let words: [(name: String, value: Backend.Balance)] = [
            ("round-robin", .roundRobin), ("least-requests", .leastRequests), ("hash(ip)", .hash(.clientAddress)),
            ("hash(path)", .hash(.path)),
        ]
        let pattern = "^(round-robin|least-requests|hash\\((ip|path|header:[^)]+)\\))$"
        let written = { (value: Backend.Balance) in words.first { $0.value == value }.map { JSON.string($0.name) } }
        return .scalar(expected, pattern: pattern, written: written) { (text) throws(Fault) in
            if let word = words.first(where: { $0.name == text }) { return word.value }
            if text.hasPrefix("hash(header:"), text.hasSuffix(")") {
                let name = text.dropFirst("hash(header:".count).dropLast()
                if HeaderField.isName(name) { return .hash(.header(name.lowercased())) }
            }
            let candidates = words.map(\.name)
            throw Fault("expected \(expected)", text: text, suggestion: Spelling.closest(to: text, among: candidates))
        }
    }
}

extension Shape<Backend.HealthCheck> {
    fileprivate static var healthCheck: Shape {
        let defaults = Backend.HealthCheck(path: "/")
        let path = Shape<String>.scalar("a path, as /healthz") { (text) throws(Fault) in
            let isVisible = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
            guard text.hasPrefix("/"), isVisible else { throw Fault("expected a path, as /healthz", text: text) }
            return text
        }
        return .either(
            scalar: path.map { Backend.HealthCheck(path: $0) },
            mapping: .record(
                "a mapping of checks",
                .required("path", path, "What is asked for."),
                .optional("every", .duration(), default: defaults.interval, "Between two checks of a server."),
                .optional("timeout", .duration(), default: defaults.timeout, "To the whole answer."),
                .optional(
                    "healthy",
                    .integer(1...100),
                    default: defaults.healthyAfter,
                    "Successes in a row that bring a server back."
                ),
                .optional(
                    "unhealthy",
                    .integer(1...100),
                    default: defaults.unhealthyAfter,
                    "Failures in a row that take it out."
                )
            ) { path, every, timeout, healthy, unhealthy in
                Backend.HealthCheck(
                    path: path,
                    interval: every,
                    timeout: timeout,
                    healthyAfter: healthy,
                    unhealthyAfter: unhealthy
                )
            }
        )
    }
}

extension Shape<Backend.Retry> {
    fileprivate static var retry: Shape {
        let defaults = Backend.Retry()
        return .record(
            "a mapping about retries",
            .optional(
                "attempts",
                .integer(1...10),
                default: defaults.attempts,
                "Attempts in all, the first included; 1 turns retries off."
            ),
            .optional(
                "on",
                .retryConditions,
                default: defaults.conditions,
                "What may be tried again: connect (no connection), reset (it broke before the answer), or a status."
            ),
            .optional("budget", .share, default: defaults.budget, "Retries as a share of requests."),
            .optional(
                "body",
                .bytes(0...(64 << 20)),
                default: defaults.bodyBytes,
                "A request's body up to this size is kept so that it can be sent again."
            )
        ) { attempts, conditions, budget, body in
            Backend.Retry(attempts: attempts, conditions: conditions, budget: budget, bodyBytes: body)
        }
    }
}

extension Shape<Set<Backend.Retry.Condition>> {
    fileprivate static var retryConditions: Shape {
        let list = Shape<[Located<Backend.Retry.Condition>]>.list(of: .retryCondition, orOne: true)
        return list.map(written: { $0 == [.connect, .reset] ? ["connect", "reset"] : nil }) { Set($0.map(\.value)) }
    }
}

extension Shape<Backend.Retry.Condition> {
    fileprivate static var retryCondition: Shape {
        let expected = "connect, reset or a status (500…599)"
        let scalar = Shape.scalar(expected) { (text) throws(Fault) in
            switch text {
            case "connect": return .connect
            case "reset": return .reset
            default:
                guard let status = Int(text), (500...599).contains(status) else {
                    let suggestion = Spelling.closest(to: text, among: ["connect", "reset"])
                    throw Fault("expected \(expected)", text: text, suggestion: suggestion)
                }
                return .status(status)
            }
        }
        let schema: JSON = [
            "anyOf": [
                ["type": "string", "pattern": "^(connect|reset|5[0-9][0-9])$|\\$\\{"],
                ["type": "integer", "minimum": 500, "maximum": 599],
            ]
        ]
        return Shape(expected, schema: schema, read: scalar.read)
    }
}

extension Shape<Backend.Pool> {
    fileprivate static var pool: Shape {
        let defaults = Backend.Pool()
        return .record(
            "a mapping about connections",
            .optional(
                "connections",
                .integer(1...65_535),
                default: defaults.maxConnections,
                "Open connections that a worker may have to one server."
            ),
            .optional(
                "streams",
                .integer(1...10_000),
                default: defaults.maxStreams,
                "Requests that one connection of HTTP/2 carries at once; the server may allow fewer."
            ),
            .optional(
                "waiting",
                .integer(0...1_000_000),
                default: defaults.maxWaiting,
                "Requests that may wait for one of them. Beyond it they are answered with 503."
            ),
            .optional(
                "idle",
                .duration(),
                default: defaults.idleTimeout,
                "An unused connection is closed after this time; keep it below the server's own."
            ),
            .optional(
                "ping",
                .duration(from: .seconds(1)),
                default: defaults.pingInterval,
                "A busy connection of HTTP/2 on which nothing came for so long has to answer a PING."
            ),
            .optional(
                "websockets",
                .integer(0...1_000_000),
                default: defaults.maxWebSockets,
                "WebSocket connections to one server, apart from the others. Beyond it they are answered with 503."
            )
        ) { connections, streams, waiting, idle, ping, webSockets in
            Backend.Pool(
                maxConnections: connections,
                maxStreams: streams,
                maxWaiting: waiting,
                idleTimeout: idle,
                pingInterval: ping,
                maxWebSockets: webSockets
            )
        }
    }
}

extension Shape<Backend.Ejection> {
    fileprivate static var ejection: Shape {
        let defaults = Backend.Ejection()
        return Shape.record(
            "a mapping about ejection",
            .optional(
                "failures",
                .integer(0...1_000),
                default: defaults.failures,
                "Failures in a row (no connection, reset, time-out, 502…504); 0 turns ejection off."
            ),
            .optional("for", .duration(), default: defaults.duration, "First time away, doubled each time in a row."),
            .optional("at_most", .duration(), default: defaults.maxDuration, "Longest time away."),
            .optional(
                "slow_start",
                .duration(from: .zero, to: .seconds(3_600)),
                default: defaults.slowStart,
                "Over this time a returning server's share grows from a tenth to the whole."
            ),
            .optional(
                "share",
                .share,
                default: defaults.share,
                "Never more than this share of the servers is away at once; of two or more, one may be unless it is 0%."
            )
        ) { failures, duration, longest, slowStart, share in
            Backend.Ejection(
                failures: failures,
                duration: duration,
                maxDuration: longest,
                slowStart: slowStart,
                share: share
            )
        }
        .checked { ejection, node, faults in
            guard ejection.duration > ejection.maxDuration else { return }
            faults.add("\"for\" is at most \"at_most\"", at: (node["for"] ?? node["at_most"] ?? node).location)
        }
    }
}
