import Credentials
import Exchange
import Model
import NIOCore

/// A customer's signature of the request (RFC 9421).
///
/// A signature is of one request, so nothing is kept of it but its nonce. Nothing reaches a backend before the whole of the content
/// was held against a digest that is covered: what a backend has begun to do cannot be taken back.
struct SignatureCheck: CallerCheck {
    /// What is asked of a request, and how a client is told so.
    private struct Demand: Sendable {
        let policy: SignaturePolicy
        let accepted: String
    }

    /// What a key says about who signs with it.
    private struct Signer: Sendable {
        let key: MessageKey
        let decision: Decision
        let isSuspended: Bool
    }

    let name: String
    let memories: [StepMemoryKey] = []
    /// The nonce is used by then.
    let isRepeatable = false
    let isSameForAllRoutes = true
    private let demand: Demand
    private let demandWithDigest: Demand
    private let digest: SignatureAuthorization.DigestRule
    private let digestMethods: [[UInt8]]
    private let mostBodyBytes: Int
    private let customers: CustomerDirectory
    /// Those of the file, with what is decided about them.
    private let signers: [String: Signer]
    private let nonces: UsedNonces
    /// Those that other gateways know, too.
    private let shared: (any SharedNonces)?
    private let onFailure: SignatureAuthorization.NonceFailureRule
    private let mostNonces: Int
    /// How long one signature can be good, in nanoseconds.
    private let window: UInt64
    /// Seconds since 1970.
    private let wallTime: @Sendable () -> Double

    init(
        _ authorizer: Authorizer,
        _ rules: SignatureAuthorization,
        customers: CustomerDirectory,
        nonces: UsedNonces,
        shared: (any SharedNonces)? = nil,
        wallTime: @escaping @Sendable () -> Double = SystemTime.seconds
    ) {
        name = authorizer.name
        demand = Self.demand(rules, components: rules.components)
        let digestComponent = "content-digest"
        let isNamed = rules.components.contains(digestComponent)
        demandWithDigest = isNamed ? demand : Self.demand(rules, components: rules.components + [digestComponent])
        digest = rules.digest
        if case .methods(let methods) = rules.digest {
            digestMethods = methods.map { Array($0.utf8) }
        } else {
            digestMethods = []
        }
        mostBodyBytes = rules.mostBodyBytes
        self.customers = customers
        signers = Dictionary(
            uniqueKeysWithValues: customers.signers.map { id, signer in
                (id, Self.signer(signer, keyID: id, authorizer: authorizer.name))
            }
        )
        self.nonces = nonces
        self.shared = shared
        onFailure = rules.onNonceFailure ?? .closed
        mostNonces = rules.mostNonces
        window = (rules.maxAge + rules.clockSkew * 2 + .seconds(1)).wholeNanoseconds
        self.wallTime = wallTime
    }

    private static func demand(_ rules: SignatureAuthorization, components: [String]) -> Demand {
        let policy = SignaturePolicy(
            required: components,
            label: rules.label,
            tag: rules.tag,
            clockSkew: rules.clockSkew.components.seconds,
            maxAge: rules.maxAge.components.seconds,
            requiresExpires: rules.requiresExpires,
            requiresNonce: rules.requiresNonce,
            requiresContentDigest: false
        )
        let identifiers = components.map { component in
            let name = component.prefix { $0 != ";" }
            return "\"\(name)\"\(component.dropFirst(name.count))"
        }
        var accepted = "\(rules.label ?? "sig")=(\(identifiers.joined(separator: " ")));created"
        if rules.requiresExpires { accepted += ";expires" }
        if let tag = rules.tag, tag.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }) {
            accepted += ";tag=\"\(tag)\""
        }
        return Demand(policy: policy, accepted: accepted)
    }

    private static func signer(_ signer: CustomerTable.Signer, keyID: String, authorizer: String) -> Signer {
        let principal = Principal(
            authorizer: authorizer,
            customer: signer.customer.id,
            apiKeyID: keyID,
            labels: signer.customer.labels,
            plan: signer.customer.plan,
            isSandbox: signer.customer.isSandbox
        )
        let decision = Decision(principal, customer: signer.customer)
        return Signer(key: signer.key, decision: decision, isSuspended: signer.customer.isSuspended)
    }

    // MARK: Deciding

    private func signer(_ keyID: String, on worker: WorkerContext) -> Signer? {
        if let declared = signers[keyID] { return declared }
        return customers.liveSigner(keyID, on: worker).map { Self.signer($0, keyID: keyID, authorizer: name) }
    }

    func check(_ exchange: Exchange, now: UInt64) -> CheckOutcome {
        let request = SignedRequest(exchange)
        let demand = needsDigest(request) ? demandWithDigest : demand
        let verified: VerifiedMessage
        let signer: Signer
        do throws(SignatureFailure) {
            let signature = try MessageSignature(of: request, policy: demand.policy, now: Int64(wallTime()))
            guard let found = self.signer(signature.keyID, on: exchange.worker) else {
                return .denied(Self.denial("authorizer.unknown-key", demand))
            }
            signer = found
            verified = try signature.verified(of: request, by: found.key)
        } catch {
            return .denied(Self.denial(error, demand))
        }
        guard !signer.isSuspended else { return .denied(.suspended) }
        if let nonce = verified.nonce,
            nonces.contains(nonce, of: verified.keyID, now: now, window: window)
        {
            return .denied(Self.denial("authorizer.replayed-signature", demand))
        }
        guard let digest = verified.contentDigest else {
            return conclude(verified, signer, demand, exchange, now: now)
        }
        if let body = exchange.gatheredBody {
            return conclude(verified, signer, demand, exchange, content: body.bytes, now: now)
        }
        guard request.hasContent else {
            return conclude(verified, signer, demand, exchange, content: ByteBuffer(), now: now)
        }
        return gather(ContentDigestCheck(digest), verified, signer, demand, exchange)
    }

    private func needsDigest(_ request: SignedRequest) -> Bool {
        switch digest {
        case .withContent: request.hasContent
        case .methods: request.isMethod(in: digestMethods)
        case .never: false
        }
    }

    /// Waits for the content, and takes it into the hash as it comes.
    private func gather(
        _ check: ContentDigestCheck,
        _ verified: VerifiedMessage,
        _ signer: Signer,
        _ demand: Demand,
        _ exchange: Exchange
    ) -> CheckOutcome {
        var check = check
        let settled = exchange.worker.eventLoop.makePromise(of: Settled.self)
        exchange.gatherBody(limit: mostBodyBytes) { part in
            check.update(part.readableBytesUInt8Span)
        } completion: { outcome in
            switch outcome {
            case .whole where check.matches():
                switch conclude(verified, signer, demand, exchange, now: exchange.worker.now) {
                case .granted(let principal): settled.succeed(.granted(principal))
                case .denied(let denial): settled.succeed(.denied(denial))
                case .waiting(let later): settled.completeWith(later)
                }
            case .whole: settled.succeed(.denied(Self.denial("authorizer.wrong-content-digest", demand)))
            case .tooLarge:
                // Final: a part of the content is gone, and no other authorizer may let the rest of it through.
                settled.fail(GivenUp())
                exchange.resume(with: .refuse(Denial.bodyTooLarge.refusal))
            case .abandoned: settled.fail(GivenUp())
            }
        }
        return .waiting(settled.futureResult)
    }

    /// - Parameter content: what is still to be held against the digest.
    private func conclude(
        _ verified: VerifiedMessage,
        _ signer: Signer,
        _ demand: Demand,
        _ exchange: Exchange,
        content: ByteBuffer? = nil,
        now: UInt64
    ) -> CheckOutcome {
        if let content, let digest = verified.contentDigest, !digest.matches(content.readableBytesUInt8Span) {
            return .denied(Self.denial("authorizer.wrong-content-digest", demand))
        }
        let decision = signer.decision.settled(for: exchange)
        guard case .granted = decision, let nonce = verified.nonce else { return decision.outcome }
        // At the very end: what is refused uses up nothing.
        guard let shared else {
            return use(nonce, verified.keyID, decision, demand, now: now).outcome
        }
        let loop = exchange.worker.eventLoop
        let name = SharedNonceName(nonce, of: verified.keyID)
        let answer = shared.use(name.text, for: Int64(clamping: window / 1_000_000), on: loop)
        return .waiting(answer.map { settled($0, nonce, verified.keyID, decision, demand, now: now) })
    }

    /// Uses a nonce in this gateway's memory.
    private func use(
        _ nonce: String,
        _ key: String,
        _ decision: Settled,
        _ demand: Demand,
        now: UInt64
    ) -> Settled {
        switch nonces.use(nonce, of: key, now: now, window: window, most: mostNonces) {
        case .fresh: decision
        case .used: .denied(Self.denial("authorizer.replayed-signature", demand))
        case .full: .denied(.tooManyNonces)
        }
    }

    private func settled(
        _ answer: SharedNonceAnswer,
        _ nonce: String,
        _ key: String,
        _ decision: Settled,
        _ demand: Demand,
        now: UInt64
    ) -> Settled {
        switch (answer, onFailure) {
        case (.fresh, .closed): return decision
        // Kept here as well, for the time when nobody can be asked. In what is full, Redis has the last word.
        case (.fresh, .local):
            _ = nonces.use(nonce, of: key, now: now, window: window, most: mostNonces)
            return decision
        case (.used, _): return .denied(Self.denial("authorizer.replayed-signature", demand))
        case (.unavailable, .closed): return .denied(.noncesUnavailable)
        case (.unavailable, .local): return use(nonce, key, decision, demand, now: now)
        }
    }

    // MARK: Denials

    private static func denial(_ failure: SignatureFailure, _ demand: Demand) -> Denial {
        let cause = Cause("\(failure.cause)")
        if failure == .ambiguous { return Denial(400, cause) }
        return denial(cause, demand, isMissing: failure == .absent)
    }

    private static func denial(_ cause: Cause, _ demand: Demand, isMissing: Bool = false) -> Denial {
        Denial(401, cause, challenge: "Signature", acceptedSignature: demand.accepted, isMissing: isMissing)
    }
}

/// The call was given up or refused while it waited; nobody is to be told of a decision.
struct GivenUp: Error {}
