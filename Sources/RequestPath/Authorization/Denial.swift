public import Exchange

/// Why a request is not taken: what the log says, and what the client is told. Nothing of the credentials is in it.
public struct Denial: Error, Sendable, Hashable {
    /// 400, 401, 403, 413, 500 or 503.
    public var status: Int
    /// The stable cause.
    public var cause: Cause
    /// What a client could bring (`WWW-Authenticate`; RFC 9110, 11.6.1); `nil` where that would not help.
    public var challenge: String?
    /// Which signature would do (`Accept-Signature`; RFC 9421, 5.1).
    public var acceptedSignature: String?
    /// Whether the request brought nothing for this authorizer, so that another's denial says more.
    public var isMissing: Bool
    /// When to come back, in seconds.
    public var retryAfter: Int?

    init(
        _ status: Int,
        _ cause: Cause,
        challenge: String? = nil,
        acceptedSignature: String? = nil,
        isMissing: Bool = false,
        retryAfter: Int? = nil
    ) {
        self.status = status
        self.cause = cause
        self.challenge = challenge
        self.acceptedSignature = acceptedSignature
        self.isMissing = isMissing
        self.retryAfter = retryAfter
    }

    /// The answer to the client.
    public var refusal: Refusal { Self.refusal([self]) }

    /// The answer when none of several authorizers has taken a request: that of the first for which there was something, with the
    /// challenges of all.
    static func refusal(_ denials: [Denial]) -> Refusal {
        let first = denials.first { !$0.isMissing } ?? denials[0]
        var fields: [ReplyField] = []
        if first.status == 401 {
            for denial in denials {
                guard denial.status == 401, let challenge = denial.challenge else { continue }
                let field = ReplyField("WWW-Authenticate", challenge)
                if !fields.contains(field) { fields.append(field) }
                guard let signature = denial.acceptedSignature else { continue }
                fields.append(ReplyField("Accept-Signature", signature))
            }
        } else if let challenge = first.challenge {
            fields.append(ReplyField("WWW-Authenticate", challenge))
        }
        if let seconds = first.retryAfter { fields.append(ReplyField("Retry-After", "\(seconds)")) }
        return Refusal(status: first.status, cause: first.cause, fields: fields)
    }
}

extension Denial {
    /// More than one token, key or password: which one counts, two readers could disagree on.
    static let duplicate = Denial(400, "authorizer.duplicate-credentials")
    /// The customer's calls are refused for now.
    static let suspended = Denial(403, "authorizer.suspended-customer")
    /// The customer does not call from this address.
    static let wrongAddress = Denial(403, "authorizer.address-not-allowed")
    /// The token names a customer that is none.
    static let unknownCustomer = Denial(403, "authorizer.unknown-customer")
    /// Good credentials for a sandbox, and this is none.
    static let sandboxCredentials = Denial(403, "authorizer.sandbox-credentials")
    /// Good credentials, but not for a sandbox, which this is.
    static let productionCredentials = Denial(403, "authorizer.production-credentials")
    /// Two authorizers know two customers.
    static let twoCustomers = Denial(403, "authorizer.customers-differ")
    /// The issuer's keys have never been fetched, or too long ago.
    static let noKeys = Denial(503, "authorizer.keys-unavailable", retryAfter: 5)
    /// The content is larger than what is held against a digest.
    static let bodyTooLarge = Denial(413, "authorizer.body-too-large")
    /// More signatures were taken in a short while than nonces are remembered.
    static let tooManyNonces = Denial(503, "authorizer.too-many-nonces", retryAfter: 5)
    /// Nobody can say whether another gateway has taken the signature's nonce.
    static let noncesUnavailable = Denial(503, "authorizer.nonces-unavailable", retryAfter: 1)
    /// A service is asked as many questions as it may be.
    static let serviceBusy = Denial(503, "authorizer.external-busy", retryAfter: 1)
    /// More passwords wait to be checked than will be soon.
    static let busy = Denial(503, "authorizer.busy", retryAfter: 1)
}
