/// How fast calls may come, evenly and at once; counted apart for each value of what it counts by.
public struct ThrottleLimit: Sendable, Hashable {
    /// What a limit counts by. A caller of whom it is not known counts by the address.
    public enum Trait: Sendable, Hashable {
        /// The API.
        case api
        /// The route.
        case route
        /// The customer.
        case customer
        /// The client's IPv4 address or IPv6 /64.
        case address
        /// The `sub` of a token.
        case subject
        /// A claim of a token.
        case claim(String)
        /// A label of the customer.
        case label(String)
    }

    /// What a shared limit does while Redis can't be asked.
    public enum FailureRule: String, Sendable, Hashable, CaseIterable {
        /// Each gateway counts by itself.
        case local
        /// Calls pass uncounted.
        case open
        /// Calls are refused with 503.
        case closed
    }

    /// For clients, metrics and `explain`; unique among the limits that stand together.
    public var name: String
    /// Calls in a period.
    public var requests: Int
    /// Seconds.
    public var period: Int
    /// Calls at once.
    public var burst: Int
    /// What it counts by; empty counts everybody together.
    public var traits: [Trait]
    /// What it does while Redis can't be asked, when all gateways count together; `nil` when each counts by itself.
    public var sharedOnFailure: FailureRule?
    /// Where it was declared.
    public var source: SourceLocation?

    /// Makes a limit.
    public init(
        name: String,
        requests: Int,
        period: Int,
        burst: Int,
        traits: [Trait] = [],
        sharedOnFailure: FailureRule? = nil,
        source: SourceLocation? = nil
    ) {
        self.name = name
        self.requests = requests
        self.period = period
        self.burst = burst
        self.traits = traits
        self.sharedOnFailure = sharedOnFailure
        self.source = source
    }
}

extension ThrottleLimit.Trait: CustomStringConvertible {
    /// As it is written in the file.
    public var description: String {
        switch self {
        case .api: "api"
        case .route: "route"
        case .customer: "customer"
        case .address: "address"
        case .subject: "subject"
        case .claim(let name): "claims." + name
        case .label(let name): "labels." + name
        }
    }

    /// The words that stand for themselves.
    static let words: [(String, ThrottleLimit.Trait)] = [
        ("customer", .customer), ("route", .route), ("api", .api), ("address", .address), ("subject", .subject),
    ]

    /// Reads `customer`, `claims.tenant`, `labels.tier` and so on.
    init?(_ text: String) {
        if let word = Self.words.first(where: { $0.0 == text }) {
            self = word.1
        } else if text.hasPrefix("claims."), text.utf8.count > 7 {
            self = .claim(String(text.dropFirst(7)))
        } else if text.hasPrefix("labels."), text.utf8.count > 7 {
            self = .label(String(text.dropFirst(7)))
        } else {
            return nil
        }
    }
}
