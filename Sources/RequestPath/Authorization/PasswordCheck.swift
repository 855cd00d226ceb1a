import Credentials
import Exchange
import Model
import NIOCore
import NIOPosix
import Synchronization

/// A customer's user name and password (RFC 7617), and in one form an API key of the same customer besides.
struct PasswordCheck: CallerCheck {
    let name: String
    private let memory: StepMemoryKey?
    var memories: [StepMemoryKey] { memory.map { [$0] } ?? [] }
    let isSameForAllRoutes = true
    private let field = CredentialField(.header("authorization"))
    private let customers: CustomerDirectory
    private let checks: PasswordChecks
    private let lifetime: UInt64
    private let form: BasicCredentials.Form
    private let missing: Denial
    private let wrong: Denial
    private let wrongKey: Denial
    private let malformed: Denial

    init(
        _ authorizer: Authorizer,
        realm: String,
        form: BasicForm,
        customers: CustomerDirectory,
        checks: PasswordChecks = .shared
    ) {
        name = authorizer.name
        self.form = form == .idPasswordKey ? .userPasswordKey : .userPassword
        self.customers = customers
        self.checks = checks
        lifetime = authorizer.cache.wholeNanoseconds
        memory = lifetime > 0 ? StepMemoryKey() : nil
        let challenge = "Basic realm=\"\(realm)\", charset=\"UTF-8\""
        missing = Denial(401, "authorizer.missing-password", challenge: challenge, isMissing: true)
        // A user that is not known and a wrong password look the same, here and in the log.
        wrong = Denial(401, "authorizer.wrong-password", challenge: challenge)
        // Only who knows the password is told that the key is another's.
        wrongKey = Denial(401, "authorizer.wrong-api-key", challenge: challenge)
        malformed = Denial(401, "authorizer.malformed-basic-credentials", challenge: challenge)
    }

    func check(_ exchange: Exchange, now: UInt64) -> CheckOutcome {
        let bytes = exchange.request.bytes
        switch field.find(in: exchange.request) {
        case .nothing, .decoded: return .denied(missing)
        case .several: return .denied(.duplicate)
        case .value(let range):
            return check(bytes.readableBytesUInt8Span.extracting(range.range), exchange, now: now)
        }
    }

    private func check(_ value: Span<UInt8>, _ exchange: Exchange, now: UInt64) -> CheckOutcome {
        let given: BasicCredentials
        do throws(BasicFailure) {
            given = try BasicCredentials(value, form: form)
        } catch {
            return .denied(error == .otherScheme ? missing : malformed)
        }
        // The cache has no password in it.
        let digest = customers.digest(of: value)
        let cache = memory.map { exchange.worker.decisions($0) }
        if let known = cache?.decision(for: digest.span, now: now) { return known.settled(for: exchange).outcome }
        let user = customers.user(named: given.user, on: exchange.worker)
        let cost = customers.costOfUnknown(on: exchange.worker)
        let loop = exchange.worker.eventLoop
        let checking = checks.run(on: loop) {
            PasswordHash.check(given.password, against: user?.hash, costOfUnknown: cost)
        }
        guard let checking else { return .denied(.busy) }
        let number = exchange.callNumber
        let settled = loop.makePromise(of: Settled.self)
        checking.assumeIsolated().whenComplete { result in
            guard exchange.callNumber == number else { return settled.succeed(.denied(wrong)) }
            guard case .success(true) = result, let user else { return settled.succeed(.denied(wrong)) }
            let key = given.apiKey.flatMap { customers.key($0.span, on: exchange.worker) }
            // In a sandbox the same customer is another one.
            let isKeyTheirs = key?.customer.isSame(user.customer) ?? (given.apiKey == nil)
            guard isKeyTheirs else { return settled.succeed(.denied(wrongKey)) }
            guard !user.customer.isSuspended else { return settled.succeed(.denied(.suspended)) }
            let principal = Principal(
                authorizer: name,
                customer: user.customer.id,
                user: user.name,
                apiKeyID: key?.id,
                labels: user.customer.labels,
                plan: user.customer.plan,
                isSandbox: user.customer.isSandbox
            )
            let decision = Decision(principal, customer: user.customer)
            cache?.insert(decision, for: digest.span, until: exchange.worker.now &+ lifetime)
            settled.succeed(decision.settled(for: exchange))
        }
        return .waiting(settled.futureResult)
    }
}

/// Where passwords are checked: beside the workers, a few at a time, since each check takes tens of milliseconds and megabytes.
final class PasswordChecks: Sendable {
    /// For all workers and authorizers.
    static let shared = PasswordChecks()

    /// Checks that run at once.
    static let width = 2
    /// Checks that run or wait, at most. What comes beyond is told to come back.
    static let mostPending = 64

    private let pool: NIOThreadPool
    private let pending = Atomic(0)

    init() {
        pool = NIOThreadPool(numberOfThreads: Self.width)
        pool.start()
    }

    /// Runs a check.
    /// - Returns: `nil` when too many wait.
    func run(on loop: any EventLoop, _ check: @escaping @Sendable () -> Bool) -> EventLoopFuture<Bool>? {
        guard pending.wrappingAdd(1, ordering: .relaxed).oldValue < Self.mostPending else {
            pending.wrappingSubtract(1, ordering: .relaxed)
            return nil
        }
        return pool.runIfActive(eventLoop: loop) {
            defer { self.pending.wrappingSubtract(1, ordering: .relaxed) }
            return check()
        }
    }
}
