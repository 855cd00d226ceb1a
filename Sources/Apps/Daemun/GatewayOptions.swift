public import Exchange
public import Logging

/// How a gateway runs, apart from what it serves.
public struct GatewayOptions: Sendable {
    /// Workers, each on an event loop and thread of its own.
    public var threads: Int
    /// What every call passes before its integration, in this order.
    public var steps: [any Step]
    /// For what operators should know; calls are in the access log.
    public var logger: Logger

    /// Makes options.
    public init(threads: Int = 1, steps: [any Step] = [], logger: Logger = Logger(label: "daemun")) {
        self.threads = max(1, threads)
        self.steps = steps
        self.logger = logger
    }
}
