import Exchange
import Model
import NIOCore
import Selection
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why an attempt at a backend came to nothing.
enum BackendFailure: Error, Equatable {
    /// All targets are unhealthy.
    case noTarget
    /// The backend's names have not been resolved.
    case unresolved
    /// The circuit is open, for so many nanoseconds more.
    case circuitOpen(UInt64)
    /// Every target that may serve has as many requests in flight as it may have.
    case targetBusy
    /// Every connection is busy and the line is full.
    case poolFull
    /// No connection became free in time.
    case poolTimeout
    case connectFailed
    case connectTimeout
    /// The process has no descriptor for a connection.
    case noDescriptor
    /// No TLS came about, for this reason.
    case tlsFailed(HandshakeFailure)
    /// The request's head is larger than a frame of HTTP/2.
    case headTooLarge
    /// The connection broke before the response's head was complete.
    case reset
    /// What came is not HTTP.
    case malformed(WireFault)
    /// The backend's 101 is no answer to the WebSocket handshake.
    case badUpgrade
    /// The targets speak HTTP/2 only, which WebSocket connections are not passed on over.
    case noWebSocket
    /// Too many WebSocket connections are open.
    case tooManyTunnels
    /// The response's head did not come in time.
    case timeout
    /// The response is one that the retry policy wants to see again.
    case status(Int)

    /// What a failed attempt to connect means.
    init(connecting error: any Error) {
        if let failure = error as? BackendFailure {
            self = failure
        } else if case .connectTimeout? = error as? ChannelError {
            self = .connectTimeout
        } else if let error = error as? IOError, error.errnoCode == EMFILE || error.errnoCode == ENFILE {
            self = .noDescriptor
        } else {
            self = .connectFailed
        }
    }

    /// What the client is told when it stays with this.
    var refusal: Refusal {
        switch self {
        case .noTarget: Refusal(status: 503, cause: "backend.no-healthy-target")
        case .unresolved: Refusal(status: 503, cause: "backend.unresolved")
        case .circuitOpen(let time): Self.unavailable("backend.circuit-open", for: time)
        case .targetBusy: Self.unavailable("backend.target-busy")
        case .poolFull: Self.unavailable("backend.pool-full")
        case .poolTimeout: Self.unavailable("backend.pool-timeout")
        case .connectFailed: Refusal(status: 502, cause: "backend.connect-failed")
        case .connectTimeout: Refusal(status: 504, cause: "backend.connect-timeout")
        case .noDescriptor: Self.unavailable("gateway.descriptors")
        case .tlsFailed: Refusal(status: 502, cause: "backend.tls-failed")
        case .headTooLarge: Refusal(status: 431, cause: "backend.head-too-large")
        case .reset: Refusal(status: 502, cause: "backend.reset")
        case .malformed: Refusal(status: 502, cause: "backend.malformed-response")
        case .badUpgrade: Refusal(status: 502, cause: "backend.bad-upgrade")
        case .noWebSocket: Refusal(status: 502, cause: "backend.no-websocket")
        case .tooManyTunnels: Self.unavailable("backend.too-many-websockets")
        case .timeout: Refusal(status: 504, cause: "backend.timeout")
        case .status(let status): Refusal(status: status, cause: "backend.status")
        }
    }

    /// A refusal that says after how many nanoseconds, in whole seconds, to come again.
    private static func unavailable(_ cause: Cause, for time: UInt64 = 1) -> Refusal {
        let seconds = (time - 1) / 1_000_000_000 + 1
        return Refusal(status: 503, cause: cause, fields: [ReplyField("Retry-After", "\(seconds)")])
    }

    /// What it says about the target, for ejection and circuit breaker.
    var outcome: CircuitBreaker.Outcome {
        switch self {
        case .noTarget, .unresolved, .circuitOpen, .targetBusy, .poolFull, .poolTimeout: .unknown
        case .noDescriptor, .noWebSocket, .tooManyTunnels, .headTooLarge: .unknown
        case .connectFailed, .connectTimeout, .tlsFailed, .reset, .malformed, .badUpgrade, .timeout: .failure
        case .status(let status): Self.outcome(ofStatus: status)
        }
    }

    /// What an answer's status says about the target.
    static func outcome(ofStatus status: Int) -> CircuitBreaker.Outcome {
        (502...504).contains(status) ? .failure : .success
    }

    /// Whether another attempt can't repeat what this one may have done: nothing was sent.
    var isUnsent: Bool {
        switch self {
        case .noTarget, .unresolved, .circuitOpen, .targetBusy, .poolFull, .poolTimeout: true
        case .noDescriptor, .noWebSocket, .tooManyTunnels, .headTooLarge, .connectFailed, .connectTimeout, .tlsFailed:
            true
        case .reset, .malformed, .badUpgrade, .timeout, .status: false
        }
    }

    /// Whether the policy wants another attempt after this.
    func isRetried(by retry: Backend.Retry) -> Bool {
        switch self {
        case .noTarget, .unresolved, .circuitOpen, .targetBusy, .poolFull, .poolTimeout: false
        case .noDescriptor, .noWebSocket, .tooManyTunnels, .headTooLarge, .malformed, .badUpgrade, .timeout: false
        case .connectFailed, .connectTimeout, .tlsFailed: retry.conditions.contains(.connect)
        case .reset: retry.conditions.contains(.reset)
        case .status(let status): retry.conditions.contains(.status(status))
        }
    }
}
