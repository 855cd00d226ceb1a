// The section `limits`.

extension Shape<Limits> {
    /// `limits`.
    static var limits: Shape {
        let defaults = Limits()
        let headSizes = 256...(16 << 20)
        return Shape.record(
            "a mapping of limits",
            .optional(
                "request_line",
                .bytes(headSizes),
                default: defaults.requestLineBytes,
                "The request line. A longer one is answered with 414."
            ),
            .optional(
                "head",
                .bytes(headSizes),
                default: defaults.headBytes,
                "Request line and header fields together. A larger head is answered with 431."
            ),
            .optional(
                "headers",
                .integer(1...10_000),
                default: defaults.headerCount,
                "Header fields of a request. More are answered with 431."
            ),
            .optional(
                "body",
                .bytes(0...(1 << 40)),
                default: defaults.bodyBytes,
                "The request's body. A larger one is answered with 413."
            ),
            .optional(
                "head_timeout",
                .duration(),
                default: defaults.headTimeout,
                "From the first byte of a head to its last, and from accept to the first byte."
            ),
            .optional(
                "keep_alive",
                .duration(),
                default: defaults.keepAliveTimeout,
                "Between two requests of one connection."
            ),
            .optional(
                "body_idle",
                .duration(),
                default: defaults.bodyIdleTimeout,
                "Between two reads of a request's body or two writes of a response's."
            ),
            .optional(
                "connections",
                .integer(1...10_000_000),
                "Client connections of the process; more are closed at once. Without it, what the descriptors allow."
            ),
            .optional(
                "connections_per_address",
                .integer(1...10_000_000),
                "Those of one IPv4 address or IPv6 /64; more are closed at once. Without it, a quarter of all (at least 64)."
            ),
            .optional(
                "requests_per_connection",
                .integer(0...1_000_000_000),
                default: defaults.requestsPerConnection,
                "Requests of one connection, which is then closed; 0 sets no limit."
            ),
            .optional(
                "min_rate",
                .minimumRate,
                default: defaults.minimumRate,
                "The least speed of bodies while the gateway waits for the client."
            ),
            .optional(
                "requests",
                .integer(1...10_000_000),
                "Requests in flight in the process. More are answered with 503. Without it there is no limit."
            ),
            .optional(
                "overload",
                .overload,
                "Refuses a share of the requests with 503 while the gateway is behind. Without it, none."
            ),
            .optional(
                "http2",
                Shape<HTTP2Limits>.http2Limits,
                default: defaults.http2,
                "What one connection of HTTP/2 may take."
            )
        ) {
            requestLine,
            head,
            headers,
            body,
            headTimeout,
            keepAlive,
            bodyIdle,
            connections,
            perAddress,
            perConnection,
            minimumRate,
            requests,
            overload,
            http2 in
            Limits(
                requestLineBytes: requestLine,
                headBytes: head,
                headerCount: headers,
                bodyBytes: body,
                headTimeout: headTimeout,
                keepAliveTimeout: keepAlive,
                bodyIdleTimeout: bodyIdle,
                minimumRate: minimumRate,
                requestsPerConnection: perConnection,
                connections: connections,
                connectionsPerAddress: perAddress,
                requests: requests,
                overload: overload,
                http2: http2
            )
        }
        .checked(checkRequestLine)
    }

    private static func checkRequestLine(_ limits: Limits, _ node: YAMLNode, _ faults: inout [Fault]) {
        guard limits.requestLineBytes > limits.headBytes else { return }
        let place = (node["request_line"] ?? node["head"] ?? node).location
        faults.add("request_line is part of head and cannot be larger", at: place)
    }
}

extension Shape<MinimumRate> {
    /// `limits.min_rate`.
    fileprivate static var minimumRate: Shape {
        let defaults = MinimumRate()
        return .record(
            "a mapping of rates",
            .optional(
                "request",
                .bytes(0...(1 << 30)),
                default: defaults.request,
                "A request's body, a second; slower ones are answered with 408. 0 sets no limit."
            ),
            .optional(
                "response",
                .bytes(0...(1 << 30)),
                default: defaults.response,
                "What the client takes a second; a slower one is cut off. 0 sets no limit."
            ),
            .optional(
                "grace",
                .duration(),
                default: defaults.grace,
                "How long a transfer may take whatever its speed."
            )
        ) { MinimumRate(request: $0, response: $1, grace: $2) }
    }
}

extension Shape<Overload> {
    /// `limits.overload`.
    fileprivate static var overload: Shape {
        let defaults = Overload()
        return .either(
            scalar: Shape<Duration>.duration().map { Overload(target: $0) },
            mapping: .record(
                "a mapping about overload",
                .optional(
                    "target",
                    .duration(),
                    default: defaults.target,
                    "A delay of the event loop that is borne for any time."
                ),
                .optional(
                    "interval",
                    .duration(from: .milliseconds(20)),
                    default: defaults.interval,
                    "How long the delay must stay above the target before requests are refused."
                ),
                .optional(
                    "exempt",
                    Shape<[Located<String>]>.list(of: .exemptPath, orOne: true, defaultText: []),
                    default: [],
                    "Paths that are always served, health checks for one."
                )
            ) { Overload(target: $0, interval: $1, exempt: $2.map(\.value)) }
        )
    }
}

extension Shape<String> {
    fileprivate static var exemptPath: Shape {
        .scalar("a path, as /healthz") { (text) throws(Fault) in
            guard text.hasPrefix("/"), !text.contains(where: { "{}?#".contains($0) }) else {
                throw Fault("expected a path without parameters or query, as /healthz", text: text)
            }
            return text
        }
    }
}
