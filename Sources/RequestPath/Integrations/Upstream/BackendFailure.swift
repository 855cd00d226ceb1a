import Exchange
import Model
import Wire

/// Why an attempt at a backend came to nothing.
enum BackendFailure: Error, Equatable {
    /// All targets are unhealthy.
    case noTarget
    /// The backend's names have not been resolved.
    case unresolved
    /// Every connection is busy and the line is full.
    case poolFull
    /// No connection became free in time.
    case poolTimeout
    case connectFailed
    case connectTimeout
    /// No TLS came about, for this reason.
    case tlsFailed(HandshakeFailure)
    /// The connection broke before the response's head was complete.
    case reset
    /// What came is not HTTP.
    case malformed(WireFault)
    /// The response's head did not come in time.
    case timeout
    /// The response is one that the retry policy wants to see again.
    case status(Int)

    /// What the client is told when it stays with this.
    var refusal: Refusal {
        switch self {
        case .noTarget: Refusal(status: 503, cause: "backend.no-healthy-target")
        case .unresolved: Refusal(status: 503, cause: "backend.unresolved")
        case .poolFull: Refusal(status: 503, cause: "backend.pool-full", fields: [ReplyField("Retry-After", "1")])
        case .poolTimeout: Refusal(status: 503, cause: "backend.pool-timeout", fields: [ReplyField("Retry-After", "1")])
        case .connectFailed: Refusal(status: 502, cause: "backend.connect-failed")
        case .connectTimeout: Refusal(status: 504, cause: "backend.connect-timeout")
        case .tlsFailed: Refusal(status: 502, cause: "backend.tls-failed")
        case .reset: Refusal(status: 502, cause: "backend.reset")
        case .malformed: Refusal(status: 502, cause: "backend.malformed-response")
        case .timeout: Refusal(status: 504, cause: "backend.timeout")
        case .status(let status): Refusal(status: status, cause: "backend.status")
        }
    }

    /// Whether another attempt can't repeat what this one may have done: nothing was sent.
    var isUnsent: Bool {
        switch self {
        case .noTarget, .unresolved, .poolFull, .poolTimeout, .connectFailed, .connectTimeout, .tlsFailed: true
        case .reset, .malformed, .timeout, .status: false
        }
    }

    /// Whether the policy wants another attempt after this.
    func isRetried(by retry: Backend.Retry) -> Bool {
        switch self {
        case .noTarget, .unresolved, .poolFull, .poolTimeout, .malformed, .timeout: false
        case .connectFailed, .connectTimeout, .tlsFailed: retry.conditions.contains(.connect)
        case .reset: retry.conditions.contains(.reset)
        case .status(let status): retry.conditions.contains(.status(status))
        }
    }
}
