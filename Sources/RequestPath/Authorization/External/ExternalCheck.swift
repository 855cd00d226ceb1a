import Credentials
import Exchange
import Model
import NIOCore
import Synchronization

/// A service that says who calls and what they may call (AWS: Lambda authorizer).
///
/// A policy is kept by what the caller has shown, and held against what each request calls. A simple answer is about one method and
/// path, and is kept for these alone.
struct ExternalCheck: CallerCheck {
    let name: String
    private let memory: StepMemoryKey?
    private let clientMemory = StepMemoryKey()
    var memories: [StepMemoryKey] { [clientMemory] + (memory.map { [$0] } ?? []) }

    private let settings: ExternalAuthorization
    private let service: ServiceAddress
    private let sources: IdentitySources
    private let resources: MethodARN
    private let customers: CustomerDirectory
    private let questions: QuestionCount
    private let lifetime: UInt64
    private let timeout: TimeAmount
    private let missing: Denial
    private let unauthorized: Denial

    private static let unknownKey = Denial(403, "authorizer.unknown-api-key")

    init(_ authorizer: Authorizer, _ settings: ExternalAuthorization, customers: CustomerDirectory) throws(Fault) {
        guard let url = FetchURL(settings.url) else {
            throw Fault("this is no http or https URL", at: authorizer.source, text: settings.url)
        }
        do {
            service = try ServiceAddress(url)
        } catch {
            throw Fault("the system's authorities can't be read: \(error)", at: authorizer.source)
        }
        name = authorizer.name
        self.settings = settings
        self.customers = customers
        sources = IdentitySources(settings.identity)
        resources = MethodARN(region: settings.region, account: settings.account)
        questions = QuestionCount(limit: settings.concurrency)
        lifetime = authorizer.cache.wholeNanoseconds
        // Without anything to tell callers apart by, one's answer would be all others'.
        memory = lifetime > 0 && !sources.isEmpty ? StepMemoryKey() : nil
        timeout = .nanoseconds(Int64(clamping: settings.timeout.wholeNanoseconds))
        let challenge = settings.identity.contains(.header("authorization")) ? "Bearer" : nil
        missing = Denial(401, "authorizer.missing-identity", challenge: challenge, isMissing: true)
        unauthorized = Denial(401, Denial.unauthorized.cause, challenge: challenge)
    }

    func check(_ exchange: Exchange, now: UInt64) -> CheckOutcome {
        let identity: [[UInt8]]
        switch sources.find(in: exchange) {
        case .missing: return .denied(missing)
        case .several: return .denied(.duplicate)
        case .values(let values): identity = values
        }
        let resource = resources.bytes(of: exchange)
        let key = IdentitySources.key(settings.response == .simple ? identity + [resource] : identity)
        let cache = memory.map { exchange.worker.decisions($0) }
        if let known = cache?.decision(for: key.span, now: now) {
            return settled(known, resource, exchange).outcome
        }
        guard questions.begin() else { return .denied(.serviceBusy) }
        let event = AuthorizerEvent(
            exchange,
            settings,
            resource: resource,
            identity: identity,
            seconds: SystemTime.seconds()
        )
        let call = exchange.callNumber
        let promise = exchange.worker.eventLoop.makePromise(of: Settled.self)
        client(on: exchange.worker).ask(event.body) { result in
            questions.end()
            let worker = exchange.worker
            do throws(Denial) {
                let decision = try decision(result, on: worker)
                cache?.insert(decision, for: key.span, until: worker.now &+ lifetime)
                guard exchange.callNumber == call else { return promise.fail(GivenUp()) }
                promise.succeed(settled(decision, resource, exchange))
            } catch {
                promise.succeed(.denied(error.cause == unauthorized.cause ? unauthorized : error))
            }
        }
        return .waiting(promise.futureResult)
    }

    private func client(on worker: WorkerContext) -> ServiceClient {
        if let known = worker.memory(of: clientMemory) as? ServiceClient { return known }
        let made = ServiceClient(service, timeout: timeout, on: worker.eventLoop)
        worker.remember(made, under: clientMemory)
        return made
    }

    /// Holds what is known of a caller against this request.
    private func settled(_ decision: Decision, _ resource: [UInt8], _ exchange: Exchange) -> Settled {
        guard decision.policy?.permits(resource.span) == true else { return .denied(.notPermitted) }
        if decision.customer?.isSuspended == true { return .denied(.suspended) }
        return decision.settled(for: exchange)
    }

    private func decision(
        _ result: Result<ServiceAnswer, ServiceFault>,
        on worker: WorkerContext
    ) throws(Denial) -> Decision {
        switch result {
        case .failure(.timeout): throw .externalTimeout
        case .failure(.unreachable): throw .externalFailure
        case .failure(.tooLarge): throw .malformedAnswer
        case .success(let answer):
            if answer.status == 401 { throw .unauthorized }
            guard answer.status == 200 else { throw .externalFailure }
            return try decision(ExternalAnswer(answer.body, expecting: settings.response == .simple), on: worker)
        }
    }

    private func decision(_ answer: ExternalAnswer, on worker: WorkerContext) throws(Denial) -> Decision {
        var customer: KnownCustomer?
        var keyID: String?
        if let text = answer.apiKey {
            guard let key = customers.key(text.span, on: worker) else { throw Self.unknownKey }
            customer = key.customer
            keyID = key.id
        }
        if let customerKey = settings.customerKey {
            // Who may not call need not be anybody.
            let id = answer.context.first { $0.name == customerKey }?.value
            if let id, let found = customers.customer(id: id, isSandbox: false, on: worker) {
                if let customer, !customer.isSame(found) { throw .twoCustomers }
                customer = found
            } else if answer.policy != CallerPolicy(allowsAll: false) {
                throw .unknownCustomer
            }
        }
        let principal = Principal(
            authorizer: name,
            customer: customer?.id,
            subject: answer.principalID,
            apiKeyID: keyID,
            claims: answer.context,
            labels: customer?.labels ?? [],
            plan: customer?.plan,
            isSandbox: customer?.isSandbox ?? false
        )
        return Decision(principal, customer: customer, policy: answer.policy)
    }
}

/// How many questions a service is asked at once, over all workers.
final class QuestionCount: Sendable {
    private let limit: Int
    private let count = Atomic(0)

    init(limit: Int) { self.limit = limit }

    /// - Returns: whether another one may be asked.
    func begin() -> Bool {
        guard count.wrappingAdd(1, ordering: .relaxed).oldValue < limit else {
            count.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    func end() { count.wrappingSubtract(1, ordering: .relaxed) }
}
