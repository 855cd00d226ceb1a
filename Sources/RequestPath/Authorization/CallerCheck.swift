import Exchange
import Model
import NIOCore

/// One authorizer, compiled: looks at a request and says who calls.
protocol CallerCheck: Sendable {
    /// The authorizer's name.
    var name: String { get }
    /// Under which something is kept on each worker.
    var memories: [StepMemoryKey] { get }
    /// Whether it comes to the same when it looks at a request again. What is taken once does not.
    var isRepeatable: Bool { get }
    /// Whether what it says of a request is the same whatever route takes that. Then nobody has to be asked again once the route is known.
    var isSameForAllRoutes: Bool { get }
    /// Looks at a request. `now` is in monotonic nanoseconds.
    func check(_ exchange: Exchange, now: UInt64) -> CheckOutcome
}

extension CallerCheck {
    var isRepeatable: Bool { true }

    /// A check that does not say so is asked on each route.
    var isSameForAllRoutes: Bool { false }
}

/// What came of looking at a request.
enum CheckOutcome {
    /// It is taken. Without a principal nothing is known of the caller but that.
    case granted(Principal?)
    case denied(Denial)
    /// Other threads or the client have to be waited for. Ends on the loop of the worker; fails when the call was given up.
    case waiting(EventLoopFuture<Settled>)
}

/// What came of waiting.
enum Settled: Sendable {
    case granted(Principal?)
    case denied(Denial)

    var outcome: CheckOutcome {
        switch self {
        case .granted(let principal): .granted(principal)
        case .denied(let denial): .denied(denial)
        }
    }
}

extension Decision {
    /// What of a decision differs from request to request: whether it is one to a sandbox, and the address.
    func settled(for exchange: Exchange) -> Settled {
        guard isSandbox == exchange.isSandbox else {
            return .denied(isSandbox ? .sandboxCredentials : .productionCredentials)
        }
        guard let customer, !customer.addresses.isEmpty else { return .granted(principal) }
        let isAllowed = exchange.clientAddress.withBytes { bytes in
            customer.addresses.contains { $0.contains(bytes) }
        }
        return isAllowed ? .granted(principal) : .denied(.wrongAddress)
    }
}

/// Calls come from some addresses, and not from others.
struct AddressCheck: CallerCheck {
    let name: String
    let memories: [StepMemoryKey] = []
    let isSameForAllRoutes = true
    let rule: AddressRule

    func check(_ exchange: Exchange, now: UInt64) -> CheckOutcome {
        let isPermitted = exchange.clientAddress.withBytes { rule.permits($0) }
        return isPermitted ? .granted(nil) : .denied(.wrongAddress)
    }
}
