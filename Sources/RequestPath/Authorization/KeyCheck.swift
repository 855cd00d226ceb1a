import Credentials
import Exchange
import Model
import NIOCore

/// A customer's API key.
struct KeyCheck: CallerCheck {
    let name: String
    private let memory: StepMemoryKey?
    var memories: [StepMemoryKey] { memory.map { [$0] } ?? [] }
    let isSameForAllRoutes = true
    let field: CredentialField
    let customers: CustomerDirectory
    /// How long a decision holds, in nanoseconds.
    let lifetime: UInt64

    /// The most bytes of a key.
    private static let mostBytes = 256
    private static let missing = Denial(403, "authorizer.missing-api-key", isMissing: true)
    private static let unknown = Denial(403, "authorizer.unknown-api-key")

    init(_ authorizer: Authorizer, place: CredentialPlace, customers: CustomerDirectory) {
        name = authorizer.name
        field = CredentialField(place)
        self.customers = customers
        lifetime = authorizer.cache.wholeNanoseconds
        memory = lifetime > 0 ? StepMemoryKey() : nil
    }

    func check(_ exchange: Exchange, now: UInt64) -> CheckOutcome {
        let bytes = exchange.request.bytes
        switch field.find(in: exchange.request) {
        case .nothing: return .denied(Self.missing)
        case .several: return .denied(.duplicate)
        case .value(let range):
            let key = bytes.readableBytesUInt8Span.extracting(range.range)
            return check(key, exchange, now: now)
        case .decoded(let key): return check(key.span, exchange, now: now)
        }
    }

    private func check(_ key: Span<UInt8>, _ exchange: Exchange, now: UInt64) -> CheckOutcome {
        if key.isEmpty { return .denied(Self.missing) }
        guard key.count <= Self.mostBytes else { return .denied(Self.unknown) }
        let cache = memory.map { exchange.worker.decisions($0) }
        if let known = cache?.decision(for: key, now: now) { return known.settled(for: exchange).outcome }
        guard let found = customers.key(key, on: exchange.worker) else { return .denied(Self.unknown) }
        guard !found.customer.isSuspended else { return .denied(.suspended) }
        let principal = Principal(
            authorizer: name,
            customer: found.customer.id,
            apiKeyID: found.id,
            labels: found.customer.labels,
            plan: found.customer.plan,
            isSandbox: found.customer.isSandbox
        )
        let decision = Decision(principal, customer: found.customer)
        cache?.insert(decision, for: key, until: now &+ lifetime)
        return decision.settled(for: exchange).outcome
    }
}

extension Duration {
    /// Nanoseconds, as far as they fit.
    var wholeNanoseconds: UInt64 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        let (product, isOver) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return isOver ? .max : product &+ UInt64(attoseconds / 1_000_000_000)
    }
}
