/// Who calls, as the authorizers of a route have found out. Immutable, and kept for as long as the decision is.
public final class Principal: Sendable {
    /// A name and a text: a claim of a token, or a label of a customer.
    public struct Fact: Sendable, Hashable {
        /// The name.
        public let name: String
        /// The value; what is no text in a token is as it was written in JSON.
        public let value: String

        /// Makes a fact.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The name of the authorizer that knew the caller.
    public let authorizer: String
    /// The id of the customer; `nil` for a caller who is none.
    public let customer: String?
    /// The `sub` of a token.
    public let subject: String?
    /// The name of a user who gave a password.
    public let user: String?
    /// The name of the API key.
    public let apiKeyID: String?
    /// What the caller may do.
    public let scopes: [String]
    /// The scopes with blanks between them.
    public let scopeText: String
    /// What the token says.
    public let claims: [Fact]
    /// What the operator says about the customer.
    public let labels: [Fact]
    /// The name of the plan that says how much the customer may take.
    public let plan: String?
    /// Whether the customer is known for sandboxes, where it is counted apart.
    public let isSandbox: Bool

    /// Makes a principal.
    public init(
        authorizer: String,
        customer: String? = nil,
        subject: String? = nil,
        user: String? = nil,
        apiKeyID: String? = nil,
        scopes: [String] = [],
        claims: [Fact] = [],
        labels: [Fact] = [],
        plan: String? = nil,
        isSandbox: Bool = false
    ) {
        self.authorizer = authorizer
        self.customer = customer
        self.subject = subject
        self.user = user
        self.apiKeyID = apiKeyID
        self.scopes = scopes
        scopeText = scopes.joined(separator: " ")
        self.claims = claims
        self.labels = labels
        self.plan = plan
        self.isSandbox = isSandbox
    }

    /// Under what the customer is counted: its id, and in sandboxes another text, which is no id.
    public var countedCustomer: String? { customer.map { Self.counted($0, isSandbox: isSandbox) } }

    /// Under what a customer is counted.
    public static func counted(_ customer: String, isSandbox: Bool) -> String {
        isSandbox ? "sandbox:" + customer : customer
    }

    /// What Amazon calls `principalId`: the subject, or else the customer, or else the user.
    public var id: String? { subject ?? customer ?? user }

    /// The value of a claim.
    public func claim(_ name: String) -> String? { claims.first { $0.name == name }?.value }

    /// The value of a label.
    public func label(_ name: String) -> String? { labels.first { $0.name == name }?.value }

    /// Two authorizers have each found out a part; what the first says counts where both say something.
    public func joined(with other: Principal) -> Principal {
        Principal(
            authorizer: authorizer,
            customer: customer ?? other.customer,
            subject: subject ?? other.subject,
            user: user ?? other.user,
            apiKeyID: apiKeyID ?? other.apiKeyID,
            scopes: scopes + other.scopes,
            claims: claims + other.claims,
            labels: labels + other.labels,
            plan: customer == nil ? other.plan : plan,
            isSandbox: customer == nil ? other.isSandbox : isSandbox
        )
    }
}

/// Who calls, as it was found out before it was known which route takes the call.
public struct Identification: Sendable {
    /// By what rule. A route with the same one need not find out again, which would have one proof of a caller count twice.
    public let rule: String
    /// The caller; `nil` when nothing is known but that the rule is met.
    public let principal: Principal?

    /// Makes an identification.
    public init(by rule: String, _ principal: Principal?) {
        self.rule = rule
        self.principal = principal
    }
}
