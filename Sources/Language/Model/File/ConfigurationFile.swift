/// The whole file as it is written: what `ModelAssembly` makes a `Model` from.
struct ConfigurationFile {
    var listeners: [Located<ListenerDeclaration>]
    var apis: [Named<String, APIDeclaration>]
    var backends: [Named<String, BackendDeclaration>]
    var authorizers: [Named<String, AuthorizerDeclaration>]
    var customers: [Named<String, CustomerDeclaration>]
    var plans: [Named<String, PlanDeclaration>]
    var redis: RedisDeclaration?
    var opensQuotasOnFailure: Located<Bool>?
    var throttle: [Located<ThrottleDeclaration>]
    var data: DataDeclaration?
    var accessLog: AccessLog?
    var admin: Located<AdminDeclaration>?
    var management: Located<Management>?
    var trustedProxies: [Located<AddressRange>]
    var limits: Limits
    var drainTimeout: Duration

    /// The file. Its fields are the keys of the root, in the order in which they are documented.
    static var shape: Shape<ConfigurationFile> {
        .record(
            "a configuration",
            .optional(
                "$schema",
                Shape<String>.text,
                "The JSON Schema that an editor checks the file with; not read by the gateway."
            ),
            .optional(
                "include",
                Shape<[Located<String>]>.list(of: .text("a path or pattern, as conf.d/*.yaml"), orOne: true),
                "More files, relative to this one. Their maps are united with this file's and their lists appended."
            ),
            .optional(
                "listen",
                Shape<[Located<ListenerDeclaration>]>.list(of: .listener, orOne: true, defaultText: 8080),
                default: [],
                "The sockets on which clients are served."
            ),
            .optional(
                "apis",
                Shape<[Named<String, APIDeclaration>]>.map(of: .api, key: .name),
                default: [],
                "The APIs, by name; at least one in all files together."
            ),
            .optional(
                "backends",
                Shape<[Named<String, BackendDeclaration>]>.map(of: .backend, key: .name),
                default: [],
                "The groups of servers, by name."
            ),
            .optional(
                "authorizers",
                Shape<[Named<String, AuthorizerDeclaration>]>.map(of: .authorizer, key: .name),
                default: [],
                "The ways to find out who calls, by the name that APIs and routes say in \"authorize\"."
            ),
            .optional(
                "customers",
                Shape<[Named<String, CustomerDeclaration>]>.map(of: .customer, key: .name),
                default: [],
                "Who may call, by id."
            ),
            .optional(
                "plans",
                Shape<[Named<String, PlanDeclaration>]>.map(of: .plan, key: .name),
                default: [],
                "How much customers may take, by the name that they say in \"plan\"."
            ),
            .optional(
                "redis",
                Shape<RedisDeclaration>.redis,
                "The Redis server by which all gateways that name it share quotas and what is \"shared\"."
            ),
            .optional(
                "quotas",
                Shape<Bool>.quotas.located,
                "What becomes of calls under a quota while Redis is away. Without it, they are refused with 503."
            ),
            .optional(
                "throttle",
                Shape<[Located<ThrottleDeclaration>]>.throttle,
                default: [],
                "How fast calls may come. What APIs, routes and plans say about that counts besides."
            ),
            .optional(
                "data",
                Shape<DataDeclaration>.data,
                """
                Where the gateway keeps what has to outlive it: the counts of quotas, and the customers and plans that are managed \
                while it runs. It is made when it is not there.
                """
            ),
            .optional("log", Shape<AccessLog?>.log, "What is logged. Without it there is no access log."),
            .optional(
                "admin",
                Shape<AdminDeclaration>.admin.located,
                "The operator's listener: /livez, /readyz, /metrics, /snapshot, /usage. Without it there is none."
            ),
            .optional(
                "management",
                Shape<Management>.management.located,
                "The management APIs of API Gateway, on the admin listener, for the AWS CLI and SDKs. Without it there are none."
            ),
            .optional(
                "trusted_proxies",
                Shape<[Located<AddressRange>]>.list(of: .addressRange, orOne: true, defaultText: []),
                default: [],
                "Peers whose X-Forwarded-*, Forwarded and X-Request-Id are believed."
            ),
            .optional("limits", Shape<Limits>.limits, default: Limits(), "What one client or one request may take."),
            .optional(
                "drain",
                Shape<Duration>.duration(),
                default: Model(listeners: []).drainTimeout,
                "How long a stopping gateway waits for what is in flight."
            )
        ) {
            _,
            _,
            listeners,
            apis,
            backends,
            authorizers,
            customers,
            plans,
            redis,
            opensQuotasOnFailure,
            throttle,
            data,
            log,
            admin,
            management,
            proxies,
            limits,
            drain in
            ConfigurationFile(
                listeners: listeners,
                apis: apis,
                backends: backends,
                authorizers: authorizers,
                customers: customers,
                plans: plans,
                redis: redis,
                opensQuotasOnFailure: opensQuotasOnFailure,
                throttle: throttle,
                data: data,
                accessLog: log ?? nil,
                admin: admin,
                management: management,
                trustedProxies: proxies,
                limits: limits,
                drainTimeout: drain
            )
        }
    }
}
