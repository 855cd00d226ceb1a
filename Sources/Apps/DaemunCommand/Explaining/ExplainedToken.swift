import Authorization

/// What one of a route's authorizers thinks of a token.
struct ExplainedToken: Encodable {
    var authorizer: String
    var isTaken: Bool
    /// The stable cause, where it is refused.
    var cause: String?
    /// What was found.
    var reason: String

    init(_ explanation: TokenExplanation) {
        authorizer = explanation.authorizer
        isTaken = explanation.isTaken
        cause = explanation.cause
        reason = explanation.reason
    }

    private enum CodingKeys: String, CodingKey {
        case authorizer, cause, reason
        case isTaken = "taken"
    }
}
