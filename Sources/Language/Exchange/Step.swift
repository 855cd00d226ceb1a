/// One thing that happens to a call between routing and integration: an authorizer, a limit, a step of your own.
///
/// A step runs on the worker's event loop and must not block. It sees the call, never sockets. The value is shared by all workers.
public protocol Step: Sendable {
    /// A short name for `daemun explain` and metrics.
    var name: String { get }
    /// Looks at the call and decides. After `.wait` it calls `Exchange.resume(with:)` on the same loop exactly once.
    func run(_ exchange: Exchange) -> Verdict
}

/// What a step decides.
public enum Verdict: Sendable {
    /// Go on with the next step, at last with the integration.
    case next
    /// Answer with an error.
    case refuse(Refusal)
    /// Answer this instead of the integration.
    case reply(Reply)
    /// Decide later, through `Exchange.resume(with:)`.
    case wait
}
