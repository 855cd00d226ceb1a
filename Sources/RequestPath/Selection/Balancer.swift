import Exchange
public import Model

/// Chooses one of a backend's targets for each request and keeps all that the choice depends on: requests in flight,
/// the verdict of the active checks, ejections and slow returns.
///
/// A balancer belongs to one event loop and knows neither clock nor socket: `now` is a monotonic time in nanoseconds
/// that the caller passes in and that never goes back. It cannot be copied, because two copies would each see only a
/// part of the traffic.
public struct Balancer: ~Copyable {
    /// How a target is chosen: `Backend.Balance` without what is hashed, for the hash comes with each request.
    public enum Policy: Sendable, Hashable {
        /// In turn, by weight.
        case roundRobin
        /// The less busy (by weight) of two drawn at random.
        case leastRequests
        /// By the request's hash: the same hash meets the same target.
        case hash

        /// The policy that a backend's setting asks for.
        public init(_ balance: Backend.Balance) {
            switch balance {
            case .roundRobin: self = .roundRobin
            case .leastRequests: self = .leastRequests
            case .hash: self = .hash
            }
        }
    }

    /// One target as a balancer sees it.
    public struct Member: Sendable, Hashable {
        /// What the target is known by across reloads and gateways, unique in a balancer: see `stableHash(of:)`.
        public var identity: UInt64
        /// Share of requests relative to the other members, 1…1000.
        public var weight: Int

        /// Makes a member.
        public init(identity: UInt64, weight: Int) {
            self.identity = identity
            self.weight = weight
        }
    }

    let policy: Policy
    let ejection: EjectionRule
    let lots: WeightedDraw
    var targets: [TargetState]
    var random: SplitMix64

    /// Makes a balancer whose targets are all idle, healthy and at full weight.
    ///
    /// A target's index in `members` is its name in all other calls. Give each worker a `seed` of its own, or they
    /// all choose the same targets in the same order.
    public init(members: [Member], policy: Policy, ejection: Backend.Ejection, seed: UInt64) {
        precondition(members.allSatisfy { (1...1_000).contains($0.weight) }, "weights are 1…1000")
        self.policy = policy
        self.ejection = EjectionRule(ejection)
        lots = WeightedDraw(weights: members.map(\.weight))
        targets = members.map(TargetState.init)
        random = SplitMix64(seed: seed)
        if policy == .roundRobin { startAnywhereInTheRound() }
    }

    /// Takes over the state of the targets that `old` knew by the same identity, so that a reload forgets neither who
    /// is busy nor who is ill.
    ///
    /// Requests that were chosen by `old` and are still in flight have to be ended here, by the target's new index.
    public mutating func adopt(from old: borrowing Balancer) {
        let known = Dictionary(old.targets.map { ($0.identity, $0) }) { first, _ in first }
        for index in targets.indices {
            guard let state = known[targets[index].identity] else { continue }
            targets[index].active = state.active
            targets[index].standing = state.standing
        }
    }

    /// The number of targets.
    public var count: Int { targets.count }

    /// The target for a request, or `nil` when the active checks hold every target unhealthy, or all that may serve are passed
    /// over.
    ///
    /// Ejected targets and those in `tried` are avoided while there are others. When all in good standing were tried, an ejected
    /// one gets the request on trial, and a success brings it back at once. When all are ejected, all serve (panic), so that
    /// passive ejection alone never empties a backend. `keyHash` counts under ``Policy/hash`` only.
    public mutating func choose(now: UInt64, keyHash: UInt64 = 0, excluding tried: TargetSet = TargetSet()) -> Int? {
        guard targets.count > 1 else {
            guard let only = targets.first, only.standing.isHealthy, !only.isPassedOver else { return nil }
            return 0
        }
        if let index = pick(Admission(now: now, excluded: tried), keyHash) { return index }
        let isPanic = !targets.contains { $0.weight(now: now) > 0 }
        // What targets in good standing can't take because they are full is not for those that fail.
        if isPanic || !tried.isEmpty,
            let index = pick(Admission(now: now, excluded: tried, admitsEjected: true), keyHash)
        {
            if !isPanic { targets[index].standing.isOnTrial = true }
            return index
        }
        return pick(Admission(now: now, admitsEjected: isPanic), keyHash)
    }

    /// Leaves a target out of the next choices, because it is full, until `endPassingOver`.
    public mutating func passOver(_ index: Int) {
        targets[index].isPassedOver = true
    }

    /// The choice is made: all targets count again.
    public mutating func endPassingOver() {
        for index in targets.indices { targets[index].isPassedOver = false }
    }

    /// A request was sent to the target; `ended` follows exactly once.
    public mutating func began(_ index: Int) {
        targets[index].active += 1
    }

    /// A request that `began` is over, whatever came of it.
    public mutating func ended(_ index: Int) {
        assert(targets[index].active > 0, "ended without began")
        targets[index].active -= 1
    }

    /// The target answered well.
    public mutating func succeeded(_ index: Int, now: UInt64) {
        targets[index].standing.succeeded(now: now, rule: ejection)
    }

    /// The target failed in a sense that `Backend.Ejection.failures` counts. Answers whether that ejected it just now.
    ///
    /// While as many are away as may be, nobody else is ejected; the first failure after one's return makes up for it.
    public mutating func failed(_ index: Int, now: UInt64) -> Bool {
        guard targets[index].standing.failed(now: now, rule: ejection) else { return false }
        let away = targets.count { now < $0.standing.ejectedUntil }
        guard away < ejection.most(of: targets.count) else { return false }
        targets[index].standing.eject(now: now, rule: ejection)
        return true
    }

    /// The active checks' verdict on the target. One that turns healthy again returns slowly.
    public mutating func setHealth(_ index: Int, healthy: Bool, now: UInt64) {
        targets[index].standing.setHealth(healthy, now: now, rule: ejection)
    }

    /// What metrics show of a target.
    public func status(of index: Int, now: UInt64) -> TargetStatus {
        let target = targets[index]
        return TargetStatus(
            active: target.active,
            isHealthy: target.standing.isHealthy,
            isEjected: now < target.standing.ejectedUntil,
            effectiveWeight: Double(target.weight(now: now)) / Double(TargetState.weightScale)
        )
    }

    private mutating func pick(_ admission: Admission, _ keyHash: UInt64) -> Int? {
        switch policy {
        case .roundRobin: nextInTurn(admission)
        case .leastRequests: lessBusyOfTwo(admission)
        case .hash: highestRanked(admission, keyHash)
        }
    }
}

/// A target's state at one moment.
public struct TargetStatus: Sendable, Equatable {
    /// Requests in flight.
    public var active: Int
    /// The active checks' verdict; a target that was not checked yet counts as healthy.
    public var isHealthy: Bool
    /// Whether it is left out for failing.
    public var isEjected: Bool
    /// The weight that a choice sees, in the units of `Backend.Target.weight`: 0 while unhealthy or ejected, less
    /// than the whole during a slow return.
    public var effectiveWeight: Double
}
