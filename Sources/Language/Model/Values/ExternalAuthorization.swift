/// A service that is asked who calls (AWS: Lambda authorizer), and how.
public struct ExternalAuthorization: Sendable, Hashable {
    /// What the service is sent, as Amazon's functions know it.
    public enum Event: Sendable, Hashable {
        /// One value and the ARN that is asked for (`TOKEN`).
        case token
        /// The request in the format 1.0 (`REQUEST`).
        case version1
        /// The request in the format 2.0.
        case version2
    }

    /// What the service answers.
    public enum Response: Sendable, Hashable {
        /// `principalId` and `policyDocument`: which ARNs the caller may call.
        case policy
        /// `isAuthorized`: whether the caller may call this one.
        case simple
    }

    /// A part of the request by which callers are told apart.
    public enum IdentitySource: Sendable, Hashable {
        /// A header, in lower case.
        case header(String)
        /// A parameter of the query.
        case query(String)
        /// Something that the gateway knows of the request.
        case context(ContextFact)
    }

    /// What can be a source of identity beside headers and parameters.
    public enum ContextFact: String, Sendable, Hashable, CaseIterable {
        case routeKey, resourcePath, httpMethod, path, stage, apiId
        case sourceIP = "identity.sourceIp"
    }

    /// Where the service is: an `http` or `https` URL.
    public var url: String
    /// What it is sent.
    public var event: Event
    /// What it answers.
    public var response: Response
    /// A request without one of these is refused, and what was decided on the same values is used again. Empty: it is asked each time.
    public var identity: [IdentitySource]
    /// How long it may take.
    public var timeout: Duration
    /// Questions to it at once, over all workers.
    public var concurrency: Int
    /// The key of its `context` that has the id of one of the model's customers.
    public var customerKey: String?
    /// What ARNs say of where this is.
    public var region: String
    /// What ARNs say of whose this is.
    public var account: String

    /// Makes a service.
    public init(
        url: String,
        event: Event = .version2,
        response: Response = .simple,
        identity: [IdentitySource] = [.header("authorization")],
        timeout: Duration = .seconds(5),
        concurrency: Int = 64,
        customerKey: String? = nil,
        region: String = "local",
        account: String = "000000000000"
    ) {
        self.url = url
        self.event = event
        self.response = response
        self.identity = identity
        self.timeout = timeout
        self.concurrency = concurrency
        self.customerKey = customerKey
        self.region = region
        self.account = account
    }
}
