import Credentials
import Exchange
import Model
import NIOCore

/// A signed token of one of the issuers.
struct TokenCheck: CallerCheck {
    /// Some issuers, and the keys that sign for them.
    struct Issuer: Sendable {
        /// The bytes of `iss`; empty when these keys sign for all issuers of the authorizer.
        let names: [[UInt8]]
        let keys: IssuerKeys
        let rules: ClaimRules
    }

    let name: String
    private let memory: StepMemoryKey?
    var memories: [StepMemoryKey] { memory.map { [$0] } ?? [] }
    let isSameForAllRoutes = true
    private let field: CredentialField
    private let issuers: [Issuer]
    let algorithms: TokenAlgorithms
    let scopes: [String]
    let customerClaim: String?
    let customers: CustomerDirectory
    let isSandbox: Bool
    /// How long a decision holds at most, and how long after `exp`, in nanoseconds.
    private let lifetime: UInt64
    private let leeway: Double
    /// Seconds since 1970.
    private let wallTime: @Sendable () -> Double

    init(
        _ authorizer: Authorizer,
        _ settings: TokenAuthorization,
        issuers: [Issuer],
        customers: CustomerDirectory,
        wallTime: @escaping @Sendable () -> Double = SystemTime.seconds
    ) {
        name = authorizer.name
        field = CredentialField(settings.place)
        self.issuers = issuers
        let named = settings.algorithms.compactMap { TokenAlgorithm(rawValue: $0) }
        algorithms = named.isEmpty ? .all : TokenAlgorithms(named)
        scopes = settings.scopes
        customerClaim = settings.customerClaim
        self.customers = customers
        isSandbox = authorizer.isSandbox
        lifetime = authorizer.cache.wholeNanoseconds
        memory = lifetime > 0 ? StepMemoryKey() : nil
        leeway = Double(settings.leeway.components.seconds)
        self.wallTime = wallTime
    }

    // MARK: Reading

    func check(_ exchange: Exchange, now: UInt64) -> CheckOutcome {
        let bytes = exchange.request.bytes
        switch field.find(in: exchange.request) {
        case .nothing: return .denied(Self.missing)
        case .several: return .denied(.duplicate)
        case .value(let range):
            let value = bytes.readableBytesUInt8Span.extracting(range.range)
            guard let token = Self.token(in: value) else { return .denied(Self.missing) }
            return check(value.extracting(token), exchange, now: now)
        case .decoded(let value):
            guard let token = Self.token(in: value.span) else { return .denied(Self.missing) }
            return check(value.span.extracting(token), exchange, now: now)
        }
    }

    /// Where the token stands: behind `Bearer `, or alone, as Amazon takes it, too. `nil` for another scheme.
    private static func token(in value: Span<UInt8>) -> Range<Int>? {
        var end = 0
        while end < value.count, value[end] != UInt8(ascii: " ") { end += 1 }
        guard end < value.count else { return value.isEmpty ? nil : 0..<value.count }
        let scheme: StaticString = "bearer"
        guard end == scheme.utf8CodeUnitCount else { return nil }
        let isBearer = scheme.withUTF8Buffer { wanted in
            for index in 0..<end where unsafe value[index] | 0x20 != wanted[index] { return false }
            return true
        }
        var start = end
        while start < value.count, value[start] == UInt8(ascii: " ") { start += 1 }
        return isBearer && start < value.count ? start..<value.count : nil
    }

    // MARK: Deciding

    private func check(_ token: Span<UInt8>, _ exchange: Exchange, now: UInt64) -> CheckOutcome {
        let cache = memory.map { exchange.worker.decisions($0) }
        if let known = cache?.decision(for: token, now: now) { return known.settled(for: exchange).outcome }
        do throws(MissingKey) {
            return try decide(token, exchange, cache, now).outcome
        } catch {
            return wait(for: error.keys, token, exchange, cache)
        }
    }

    /// The keys here do not have the one that the token names.
    private struct MissingKey: Error {
        let keys: IssuerKeys
        let denial: Denial
    }

    private func decide(
        _ token: Span<UInt8>,
        _ exchange: Exchange,
        _ cache: DecisionCache?,
        _ now: UInt64
    ) throws(MissingKey) -> Settled {
        let wall = wallTime()
        let parsed: CompactToken
        let issuer: Issuer
        do throws(TokenFailure) {
            parsed = try CompactToken(token)
            issuer = try self.issuer(of: parsed)
        } catch {
            return .denied(Self.denial(error))
        }
        let keys = issuer.keys
        let generation = keys.generation
        guard let known = keys.current else { throw MissingKey(keys: keys, denial: .noKeys) }
        let verifier = TokenVerifier(keys: known, rules: issuer.rules, algorithms: algorithms)
        let verified: VerifiedToken
        do throws(TokenFailure) {
            verified = try verifier.verify(parsed, scopes: scopes, now: Int64(wall))
        } catch {
            let denial = Self.denial(error, scopes: scopes)
            if error == .unknownKey { throw MissingKey(keys: keys, denial: denial) }
            return .denied(denial)
        }
        var customer: KnownCustomer?
        if let customerClaim {
            guard let id = verified.claims.claim(named: customerClaim)?.text,
                let found = customers.customer(id: id, isSandbox: isSandbox, on: exchange.worker)
            else {
                return .denied(.unknownCustomer)
            }
            guard !found.isSuspended else { return .denied(.suspended) }
            customer = found
        }
        let principal = Principal(verified.claims, authorizer: name, customer: customer)
        let decision = Decision(principal, customer: customer, keys: keys, isSandbox: isSandbox)
        cache?.insert(
            decision,
            for: token,
            until: end(of: verified.claims, wall: wall, now: now),
            generation: generation
        )
        return decision.settled(for: exchange)
    }

    func issuer(of token: CompactToken) throws(TokenFailure) -> Issuer {
        if issuers.count == 1 { return issuers[0] }
        // It only chooses whose keys decide, and `rules` looks at it again when they have.
        guard let claimed = try token.unverifiedClaims()["iss"] else { throw .wrongIssuer }
        for issuer in issuers where issuer.names.contains(where: claimed.textEquals) { return issuer }
        throw .wrongIssuer
    }

    /// The monotonic time at which the decision ends.
    private func end(of claims: Claims, wall: Double, now: UInt64) -> UInt64 {
        let latest = now &+ lifetime
        guard let expiry = claims.expiresAt else { return latest }
        let left = expiry + leeway - wall
        guard left > 0 else { return now }
        guard left < 1e9 else { return latest }
        return min(latest, now &+ UInt64(left * 1e9))
    }

    // MARK: Waiting

    /// Asks the issuer for its keys, and decides when they have come.
    private func wait(
        for keys: IssuerKeys,
        _ token: Span<UInt8>,
        _ exchange: Exchange,
        _ cache: DecisionCache?
    ) -> CheckOutcome {
        let loop = exchange.worker.eventLoop
        let isEmpty = keys.current == nil
        guard let fetched = keys.refetch(on: loop) else {
            return .denied(isEmpty ? .noKeys : Self.denial(.unknownKey))
        }
        let copy = unsafe token.withUnsafeBytes { unsafe [UInt8]($0) }
        let number = exchange.callNumber
        let settled = loop.makePromise(of: Settled.self)
        fetched.assumeIsolated().whenComplete { _ in
            // Another call's exchange by now; nobody is told.
            guard exchange.callNumber == number else { return settled.succeed(.denied(.noKeys)) }
            do throws(MissingKey) {
                settled.succeed(try decide(copy.span, exchange, cache, exchange.worker.now))
            } catch {
                settled.succeed(.denied(error.denial))
            }
        }
        return .waiting(settled.futureResult)
    }

    // MARK: Denials

    /// A request without a token is told how to bring one, and of no error (RFC 6750, 3.1).
    private static let missing = Denial(401, "authorizer.missing-token", challenge: "Bearer", isMissing: true)

    static func denial(_ failure: TokenFailure, scopes: [String] = []) -> Denial {
        Denial(failure.status, Cause("\(failure.cause)"), challenge: challenge(failure, scopes: scopes))
    }

    /// The challenge of RFC 6750, 3, whose parts have commas between them (RFC 9110, 11.2).
    private static func challenge(_ failure: TokenFailure, scopes: [String]) -> String {
        let parts = "error=\"\(failure.errorCode)\", error_description=\"\(failure.errorDescription)\""
        let tokens = scopes.filter { scope in
            !scope.isEmpty && scope.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        }
        return tokens.isEmpty ? "Bearer \(parts)" : "Bearer scope=\"\(tokens.joined(separator: " "))\", \(parts)"
    }
}

extension Principal {
    /// Claims that are kept of a token, and their bytes, at most. More are of no use to a log or a header.
    private static let mostClaims = 64
    private static let mostClaimBytes = 2 << 10

    convenience init(_ claims: Claims, authorizer: String, customer: KnownCustomer?) {
        var facts: [Fact] = []
        for (name, value) in claims.all.prefix(Self.mostClaims) {
            let text = value.text ?? value.source
            guard name.utf8.count + text.utf8.count <= Self.mostClaimBytes else { continue }
            facts.append(Fact(name: name, value: text))
        }
        self.init(
            authorizer: authorizer,
            customer: customer?.id,
            subject: claims.subject,
            scopes: claims.scopes ?? [],
            claims: facts,
            labels: customer?.labels ?? [],
            plan: customer?.plan,
            isSandbox: customer?.isSandbox ?? false
        )
    }
}
