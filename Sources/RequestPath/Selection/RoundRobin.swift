extension Balancer {
    /// Smooth weighted round robin: all admitted targets gain their weight, the one with most is chosen and pays for
    /// all. Each gets exactly its weight in a round, spread over the round.
    mutating func nextInTurn(_ admission: Admission) -> Int? {
        var total = 0
        var next: Int?
        var most = Int.min
        for index in targets.indices {
            let weight = weight(of: index, admission)
            guard weight > 0 else { continue }
            total += weight
            targets[index].turn += weight
            guard targets[index].turn > most else { continue }
            most = targets[index].turn
            next = index
        }
        if let next { targets[next].turn -= total }
        return next
    }

    /// Takes some turns of the first round at once. Workers that all began with the first target would send it a
    /// burst after each start and reload.
    mutating func startAnywhereInTheRound() {
        guard targets.count > 1 else { return }
        for _ in 0..<random.next() % UInt64(targets.count) {
            _ = nextInTurn(Admission(now: 0))
        }
    }
}
