/// A route's right side as it is written.
struct RouteDeclaration {
    /// What answers.
    enum Answer {
        /// `to: …`
        case forward(ForwardDeclaration)
        /// `reply: …`
        case reply(Located<MockIntegration>)
    }

    var answer: Answer
    var access = AccessDeclaration()
    /// `nil` lifts all limits on speed.
    var throttle: [Located<ThrottleDeclaration>]? = []

    static func forward(_ declaration: ForwardDeclaration) -> RouteDeclaration {
        RouteDeclaration(answer: .forward(declaration))
    }

    static func reply(_ integration: Located<MockIntegration>) -> RouteDeclaration {
        RouteDeclaration(answer: .reply(integration))
    }
}

/// Where a route's requests go, before backends' names are looked up.
struct ForwardDeclaration {
    var target: Located<TargetReference>
    /// The path asked for at the backend, when it is given apart from `target`.
    var path: Located<PathTemplate>?
    var method: String?
    var timeouts = Timeouts()
    var host = HostHeader.target
    var webSocket: WebSocketPassing? = WebSocketPassing()
}

/// What `to:` names.
enum TargetReference {
    case backend(String)
    case url(BackendURL, path: PathTemplate?)

    /// Reads a backend's name or a URL.
    /// - Throws: a fault without location that says what is wrong.
    init(_ text: String) throws(Fault) {
        if text.contains("://") {
            let url = try BackendURL(text)
            var path: PathTemplate?
            if let written = url.path { path = try PathTemplate(written) }
            self = .url(url, path: path)
        } else {
            guard text.utf8.allSatisfy({ $0.isWordByte || $0 == 45 || $0 == 46 }), !text.isEmpty else {
                let isAuthority = BackendURL.isAuthority(text)
                throw Fault(
                    "expected the name of a backend, or a URL as http://host:port/path",
                    text: text,
                    suggestion: isAuthority ? "http://" + text : nil
                )
            }
            self = .backend(text)
        }
    }
}

extension Shape<RouteDeclaration> {
    /// An element of `routes`.
    static var route: Shape {
        .either(
            scalar: Shape<TargetReference>.target.located.map { .forward(ForwardDeclaration(target: $0)) },
            mapping: fullRoute
        )
    }

    private static var fullRoute: Shape {
        Shape<RouteDeclaration?>.record(
            "a mapping with to or reply",
            .optional("to", Shape<TargetReference>.target.located, "A backend's name, or the URL of a server."),
            .optional(
                "path",
                Shape<PathTemplate>.targetPath.located,
                "The path asked for at the backend, with the route's parameters. Without it, the request's own."
            ),
            .optional(
                "method",
                Shape<String>.choice(RouteKey.methods.map { ($0, $0) }),
                "The method to use instead of the client's."
            ),
            .optional(
                "timeout",
                .timeouts,
                default: Timeouts(),
                "Limits on waiting for the backend; a single time is the total."
            ),
            .optional(
                "host",
                .hostHeader,
                default: .target,
                "What the backend sees as Host: the server's own name, what the client sent, or this text."
            ),
            .optional(
                "websocket",
                .webSocketPassing,
                default: WebSocketPassing(),
                "Whether WebSocket connections are passed through, and for how long."
            ),
            .optional("reply", Shape<MockIntegration>.reply.located, "An answer of the gateway's own."),
            .optional(
                "authorize",
                Shape<AccessRule?>.access.located,
                "Who may call this route, instead of what its API says."
            ),
            .optional(
                "claims_to_headers",
                Shape<[ClaimHeader]>.claimHeaders,
                "Headers that tell the backend about the caller, instead of those of the API."
            ),
            .optional(
                "throttle",
                Shape<[Located<ThrottleDeclaration>]?>.routeThrottle,
                "How fast this route's calls may come, besides what its API says. With none, nothing limits that."
            )
        ) { target, path, method, timeouts, host, webSocket, reply, rule, claimHeaders, throttle in
            let throttle: [Located<ThrottleDeclaration>]? = throttle ?? []
            let access = AccessDeclaration(rule: rule, claimHeaders: claimHeaders)
            if let reply { return RouteDeclaration(answer: .reply(reply), access: access, throttle: throttle) }
            guard let target else { return nil }
            let forward = ForwardDeclaration(
                target: target,
                path: path,
                method: method,
                timeouts: timeouts,
                host: host,
                webSocket: webSocket
            )
            return RouteDeclaration(answer: .forward(forward), access: access, throttle: throttle)
        }
        .checked { _, node, faults in
            switch (node["to"], node["reply"]) {
            case (nil, nil): faults.add("a route has \"to\" or \"reply\"", at: node.location)
            case (_?, let reply?): faults.add("a route has \"to\" or \"reply\", not both", at: reply.location)
            case (nil, _?):
                for entry in node.entries
                where ["path", "method", "timeout", "host", "websocket", "claims_to_headers"].contains(entry.key.text) {
                    faults.add("this goes with \"to\" only", at: entry.key.location, text: entry.key.text)
                }
            default: break
            }
        }
        .unwrapped()
    }
}

extension Shape<TargetReference> {
    /// `to`.
    static var target: Shape {
        .scalar("the name of a backend, or a URL as http://host:port/path") { (text) throws(Fault) in
            try TargetReference(text)
        }
    }
}

extension Shape<PathTemplate> {
    fileprivate static var targetPath: Shape {
        .scalar("a path, as /orders/{id}", pattern: "^/[^?#]*$") { (text) throws(Fault) in
            guard !text.contains("?") else { throw Fault("a target's path has no query", text: text) }
            return try PathTemplate(text)
        }
    }
}

extension Shape<HostHeader> {
    fileprivate static var hostHeader: Shape {
        let written = { (value: HostHeader) -> JSON? in value == .target ? "target" : nil }
        return .scalar("preserve, target or a host's name", written: written) { (text) throws(Fault) in
            switch text {
            case "target": return .target
            case "preserve": return .preserve
            default:
                guard BackendURL.isAuthority(text) else {
                    throw Fault("expected preserve, target or a host's name", text: text)
                }
                return .fixed(text)
            }
        }
    }
}

extension Shape<WebSocketPassing?> {
    fileprivate static var webSocketPassing: Shape {
        let defaults = WebSocketPassing()
        return .either(
            scalar: Shape<Bool>.flag.map(written: { .bool($0 != nil) }) { $0 ? defaults : nil },
            mapping: Shape.record(
                "a mapping of times",
                .optional("idle", .duration(), default: defaults.idle, "Without a byte in either direction."),
                .optional("longest", .duration(), "In all. Without it, as long as both ends like.")
            ) { idle, longest in WebSocketPassing(idle: idle, longest: longest) }
        )
    }
}

extension Shape<Timeouts> {
    fileprivate static var timeouts: Shape {
        let defaults = Timeouts()
        return .either(
            scalar: Shape<Duration>.duration().map(written: { .string(TimeSpan.written($0.total)) }) {
                Timeouts(total: $0, firstByte: nil)
            },
            mapping: .record(
                "a mapping of times",
                .optional("connect", .duration(), default: defaults.connect, "To an established connection."),
                .optional(
                    "first_byte",
                    .duration(),
                    "From the request's end to the first byte of the answer. Without it, \"total\"."
                ),
                .optional("idle", .duration(), default: defaults.idle, "Between two reads of the answer."),
                .optional(
                    "total",
                    .duration(),
                    default: defaults.total,
                    "From the request's head to the answer's, over all attempts."
                )
            ) { connect, firstByte, idle, total in
                Timeouts(connect: connect, idle: idle, total: total, firstByte: firstByte)
            }
        )
    }
}

extension Timeouts {
    /// With a first byte awaited as long as the whole unless it is stated: whoever raises `total` means that.
    init(
        connect: Duration = Timeouts().connect,
        idle: Duration = Timeouts().idle,
        total: Duration,
        firstByte: Duration?
    ) {
        self.init(connect: connect, firstByte: firstByte ?? total, idle: idle, total: total)
    }
}
