extension Shape<ExternalAuthorization> {
    private static var defaults: ExternalAuthorization { ExternalAuthorization(url: "") }

    /// `authorizers.*.external`.
    static var external: Shape {
        .record(
            "a mapping with url",
            .required(
                "url",
                .text("a URL"),
                "The service. Over http it may be on this machine alone, unless plain_http says otherwise."
            ),
            .optional(
                "event",
                .choice([("2.0", .version2), ("1.0", .version1), ("token", .token)]),
                default: defaults.event,
                "What it is sent: Amazon's authorizer event 2.0, 1.0 (REQUEST), or that of a TOKEN authorizer."
            ),
            .optional(
                "response",
                Shape<ExternalAuthorization.Response>.choice([("simple", .simple), ("policy", .policy)]),
                "What it answers: isAuthorized, or a policy. Without it: simple to 2.0, a policy to the others."
            ),
            .optional(
                "identity",
                Shape<[Located<ExternalAuthorization.IdentitySource>]>.list(of: .identitySource, orOne: true)
                    .map(written: { _ in ["$request.header.Authorization"] }) { $0.map(\.value) },
                default: defaults.identity,
                "Where callers show who they are. Without one of them a request is refused and the service not asked."
            ),
            .optional(
                "timeout",
                .duration(from: .milliseconds(10), to: .seconds(30)),
                default: defaults.timeout,
                "How long it may take."
            ),
            .optional(
                "concurrency",
                .integer(1...10_000),
                default: defaults.concurrency,
                "Questions to it at once, at most; requests beyond are told to come back."
            ),
            .optional(
                "customer",
                Shape<String>.text("a key of the context"),
                "What of its context has the id of a customer. Without it, callers belong to none."
            ),
            .optional("region", .name, default: defaults.region, "The region in the ARNs that it is sent."),
            .optional("account", .name, default: defaults.account, "The account in the ARNs that it is sent."),
            .optional("plain_http", .flag, default: false, "Whether it may be asked over http on another machine.")
        ) { url, event, response, identity, timeout, concurrency, customer, region, account, _ in
            ExternalAuthorization(
                url: url,
                event: event,
                response: response ?? (event == .version2 ? .simple : .policy),
                identity: identity,
                timeout: timeout,
                concurrency: concurrency,
                customerKey: customer,
                region: region,
                account: account
            )
        }
        .checked { settings, node, faults in check(settings, node, &faults) }
    }

    private static func check(_ settings: ExternalAuthorization, _ node: YAMLNode, _ faults: inout [Fault]) {
        let place = node["url"]?.location ?? node.location
        let mayBePlain = node["plain_http"]?.text == "true" && settings.url.hasPrefix("http://")
        if !KeyServer.mayBeAsked(settings.url), !mayBePlain {
            let rule = "the service is asked over https, or over http on this machine; plain_http: true allows http"
            faults.add(rule, at: place, text: settings.url)
        }
        if settings.response == .simple, settings.event != .version2 {
            faults.add("a simple answer is one to the event 2.0", at: node["response"]?.location ?? node.location)
        }
        guard settings.event == .token else { return }
        if settings.identity.count == 1, case .header = settings.identity[0] { return }
        faults.add("a token comes in one header", at: node["identity"]?.location ?? node.location)
    }
}

extension Shape<ExternalAuthorization.IdentitySource> {
    fileprivate static var identitySource: Shape {
        let expected = "a source, as $request.header.Authorization, $request.querystring.key or $context.routeKey"
        return .scalar(expected) { (text) throws(Fault) in
            let isFormer = text.hasPrefix("method.request.")
            let rest = isFormer ? text.dropFirst(7) : text.dropFirst(1)
            if isFormer || text.hasPrefix("$") {
                if rest.hasPrefix("request.header."), HeaderField.isName(rest.dropFirst(15)) {
                    return .header(rest.dropFirst(15).lowercased())
                }
                if rest.hasPrefix("request.querystring."), rest.count > 20 { return .query(String(rest.dropFirst(20))) }
                if !isFormer, rest.hasPrefix("context."),
                    let fact = ExternalAuthorization.ContextFact(rawValue: String(rest.dropFirst(8)))
                {
                    return .context(fact)
                }
            }
            let facts = ExternalAuthorization.ContextFact.allCases.map { "$context.\($0.rawValue)" }
            throw Fault(
                "expected \(expected)",
                text: text,
                suggestion: Spelling.closest(to: text, among: facts + ["$request.header.Authorization"])
            )
        }
    }
}
