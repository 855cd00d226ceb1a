import Exchange

/// What a balancer keeps for one target.
struct TargetState {
    /// Weights are multiplied by this, so that even a weight of 1 ramps in small steps of integers.
    static let weightScale = 256

    let identity: UInt64
    /// The scaled weight of a target in good standing.
    let fullWeight: Int
    /// Requests in flight.
    var active = 0
    /// How long the target has been waiting for its turn in the round, in scaled weights.
    var turn = 0
    var standing = Standing()
    /// Whether the choice at hand leaves it out, as it can't take the request.
    var isPassedOver = false

    init(_ member: Balancer.Member) {
        // Mixed here once, because ranking takes the exclusive or of it and a key.
        identity = SplitMix64.mix(member.identity)
        fullWeight = member.weight * Self.weightScale
    }

    /// The scaled weight at a time: 0 while unhealthy or ejected, rising during a slow return.
    func weight(now: UInt64) -> Int {
        standing.weight(fullWeight, now: now)
    }
}
