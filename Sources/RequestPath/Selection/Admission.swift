/// Who may be chosen in one pass over the targets.
struct Admission {
    /// Monotonic nanoseconds.
    var now: UInt64
    /// Targets to leave out.
    var excluded = TargetSet()
    /// Whether ejected targets may serve, as they do when there is nobody else.
    var admitsEjected = false
}

extension Balancer {
    /// The target's share in this pass, in scaled units; 0 when it is not admitted.
    func weight(of index: Int, _ admission: Admission) -> Int {
        if admission.excluded.contains(index) { return 0 }
        let target = targets[index]
        if target.isPassedOver { return 0 }
        if admission.admitsEjected, target.standing.isHealthy { return target.fullWeight }
        return target.weight(now: admission.now)
    }
}
