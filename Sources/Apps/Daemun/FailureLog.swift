import Logging
import NIOCore
import Synchronization

/// Counts failures, and tells operators of them now and then.
final class FailureLog: Sendable {
    private struct State {
        var count = 0
        var lastTold: NIODeadline?
        var isTold = false
    }

    private let state = Mutex(State())
    private let logger: Logger
    private let message: Logger.Message
    private static let pause = TimeAmount.seconds(10)

    /// Makes a log.
    /// - Parameter message: what fails, and what becomes of calls.
    init(_ logger: Logger, _ message: Logger.Message) {
        self.logger = logger
        self.message = message
    }

    var count: Int { state.withLock { $0.count } }

    func add(_ error: any Error) {
        let now = NIODeadline.now()
        let isToTell = state.withLock { state in
            state.count += 1
            if let last = state.lastTold, now < last + Self.pause { return false }
            state.lastTold = now
            state.isTold = true
            return true
        }
        if isToTell { logger.error(message, metadata: ["reason": "\(error)"]) }
    }

    /// What failed is well again. It is told when the failure was.
    func end(_ message: Logger.Message) {
        let isToTell = state.withLock { state in
            defer { state.isTold = false }
            return state.isTold
        }
        if isToTell { logger.notice(message) }
    }
}
