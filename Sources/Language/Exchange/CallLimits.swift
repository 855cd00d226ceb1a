public import NIOCore

/// What a call has taken out of limits, from the step that let it pass until the call is over. Confined to the worker's loop.
public protocol CallLimits: AnyObject {
    /// The value of `RateLimit-Policy` for the client; never empty.
    var policyField: ByteBuffer { get }
    /// The value of `RateLimit` for the client; never empty.
    var standingField: ByteBuffer { get }
    /// The call is over, or has become a connection that lasts; nothing is asked of this afterwards.
    /// - Parameter counts: whether the call was served. One that was not is given back to quotas.
    func settle(counts: Bool)
}

extension Exchange {
    /// Whether the call counts against quotas: its request was on its way to a backend, or the gateway has answered as the route says.
    public var countsAgainstQuotas: Bool { record.sentToBackendAt != 0 || record.cause == nil }
}
