import Credentials
public import Exchange
import NIOCore

/// Finds out who calls, and whether they may. What the route's API tells backends about callers is taken off the request first, whoever calls.
public struct Authorize: Step {
    /// What has to be so.
    indirect enum Rule: Sendable {
        /// An authorizer takes the request, and the caller has one of the scopes. `number` tells the checks of a rule apart.
        case check(any CallerCheck, scopes: [String], number: Int)
        case anyOf([Rule])
        case allOf([Rule])
    }

    /// For `daemun explain`: `authorize tokens`.
    public let name: String
    /// `nil` lets everybody call.
    let rule: Rule?
    let fields: CallerFields?
    /// Tells rules apart.
    var key = ""
    /// Whether the call ends when no authorizer takes it. Otherwise it goes on with nobody identified.
    var isRequired = true
    /// Whether the route is one of a sandbox.
    var isSandbox = false

    /// Decides on a call.
    public func run(_ exchange: Exchange) -> Verdict {
        if let fields {
            fields.removeReserved(from: &exchange.request)
            exchange.callerFields = fields
        }
        guard let rule else { return .next }
        if let known = exchange.identification, known.rule == key {
            if isRequired { exchange.principal = known.principal }
            return .next
        }
        exchange.isSandbox = isSandbox
        let received = exchange.record.receivedAt
        let now = received == 0 ? exchange.worker.now : received
        return decide(rule, exchange, now: now, settled: [:]) ?? .wait
    }

    /// - Parameter settled: what checks have come to that had to wait, or that can't be asked again.
    /// - Returns: `nil` when another check has to wait; it resumes the exchange.
    private func decide(_ rule: Rule, _ exchange: Exchange, now: UInt64, settled: [Int: Settled]) -> Verdict? {
        var settled = settled
        switch evaluate(rule, exchange, now: now, settled: &settled) {
        case .granted(let principal):
            if isRequired {
                exchange.principal = principal
            } else {
                exchange.identification = Identification(by: key, principal)
            }
            return .next
        case .denied(let denials):
            let refusal = Denial.refusal(denials)
            // Whom nobody could ask about is not nobody.
            return isRequired || refusal.status >= 500 ? .refuse(refusal) : .next
        case .waiting(let number, let future):
            let call = exchange.callNumber
            future.assumeIsolated().whenSuccess { [settled] result in
                // The client may have left, and its exchange serve another call.
                guard exchange.callNumber == call else { return }
                var settled = settled
                settled[number] = result
                let verdict = decide(rule, exchange, now: exchange.worker.now, settled: settled)
                if let verdict { exchange.resume(with: verdict) }
            }
            return nil
        }
    }

    private enum Evaluation {
        case granted(Principal?)
        case denied([Denial])
        case waiting(number: Int, EventLoopFuture<Settled>)
    }

    private func evaluate(
        _ rule: Rule,
        _ exchange: Exchange,
        now: UInt64,
        settled: inout [Int: Settled]
    ) -> Evaluation {
        switch rule {
        case .check(let check, let scopes, let number):
            let outcome = settled[number]?.outcome ?? check.check(exchange, now: now)
            switch outcome {
            case .granted(let principal):
                if !check.isRepeatable { settled[number] = .granted(principal) }
                return Self.evaluation(principal, scopes: scopes)
            case .denied(let denial):
                if !check.isRepeatable { settled[number] = .denied(denial) }
                return .denied([denial])
            case .waiting(let future): return .waiting(number: number, future)
            }
        case .anyOf(let rules):
            var denials: [Denial] = []
            for rule in rules {
                let evaluation = evaluate(rule, exchange, now: now, settled: &settled)
                guard case .denied(let more) = evaluation else { return evaluation }
                denials += more
            }
            return .denied(denials)
        case .allOf(let rules):
            var joined: Principal?
            for rule in rules {
                let evaluation = evaluate(rule, exchange, now: now, settled: &settled)
                guard case .granted(let principal) = evaluation else { return evaluation }
                guard let principal else { continue }
                guard let known = joined else {
                    joined = principal
                    continue
                }
                let isOther = known.customer != nil && principal.customer != nil && known.customer != principal.customer
                if isOther { return .denied([.twoCustomers]) }
                joined = known.joined(with: principal)
            }
            return .granted(joined)
        }
    }

    private static func evaluation(_ principal: Principal?, scopes: [String]) -> Evaluation {
        if scopes.isEmpty { return .granted(principal) }
        guard let principal, principal.scopes.contains(where: { scopes.contains($0) }) else {
            return .denied([TokenCheck.denial(.insufficientScope, scopes: scopes)])
        }
        return .granted(principal)
    }
}
