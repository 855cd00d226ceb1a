/// Whether a target may be chosen, and at what part of its weight: health, ejection and slow return.
struct Standing {
    /// A returning target starts with this part of its weight.
    private static let firstShare = 0.1

    /// The active checks' verdict; healthy until they say otherwise.
    private(set) var isHealthy = true
    /// When the last ejection ends or ended.
    private(set) var ejectedUntil: UInt64 = 0
    /// Length of the last ejection in a row; 0 once it is forgotten.
    private var lastAway: UInt64 = 0
    /// Whether it has got a request although it is ejected, because those in good standing had failed it.
    var isOnTrial = false
    private var failuresInRow = 0
    private var rampStart: UInt64 = 0
    /// When nothing reduces the weight any more: the end of the ramp, never while unhealthy.
    private var reducedUntil: UInt64 = 0

    func weight(_ full: Int, now: UInt64) -> Int {
        if now >= reducedUntil { return full }
        if !isHealthy || now < rampStart { return 0 }
        let progress = Double(now - rampStart) / Double(reducedUntil - rampStart)
        return Int(Double(full) * (Self.firstShare + (1 - Self.firstShare) * progress))
    }

    /// Ends a row of failures, and an ejection when the target is on trial. Once a target has been back for as long as it was
    /// away, a success also forgets the ejection, so that the next one is short again.
    mutating func succeeded(now: UInt64, rule: EjectionRule) {
        failuresInRow = 0
        if isOnTrial {
            isOnTrial = false
            if now < ejectedUntil {
                ejectedUntil = now
                ramp(from: now, for: rule.slowStart)
            }
        }
        if lastAway > 0, now >= ejectedUntil + lastAway { lastAway = 0 }
    }

    /// Answers whether the row of failures is long enough for an ejection. Failures of requests sent before an ejection, or in
    /// panic, come in while it lasts and do not prolong it.
    mutating func failed(now: UInt64, rule: EjectionRule) -> Bool {
        isOnTrial = false
        guard rule.failures > 0, now >= ejectedUntil else { return false }
        failuresInRow += 1
        return failuresInRow >= rule.failures
    }

    mutating func eject(now: UInt64, rule: EjectionRule) {
        failuresInRow = 0
        lastAway = min(lastAway == 0 ? rule.duration : lastAway * 2, rule.maxDuration)
        ejectedUntil = now + lastAway
        ramp(from: ejectedUntil, for: rule.slowStart)
    }

    mutating func setHealth(_ healthy: Bool, now: UInt64, rule: EjectionRule) {
        guard healthy != isHealthy else { return }
        isHealthy = healthy
        ramp(from: max(now, ejectedUntil), for: rule.slowStart)
    }

    private mutating func ramp(from start: UInt64, for length: UInt64) {
        rampStart = start
        reducedUntil = isHealthy ? start + length : .max
    }
}
