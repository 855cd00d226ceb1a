import Exchange

extension Balancer {
    /// Power of two choices: draws two different targets by weight and takes the less busy one.
    ///
    /// The first drawn stays unless the second, with this request, would be no busier for its weight than the first
    /// is without it. Between equal weights that is the plain comparison of requests in flight. Between unequal ones
    /// it keeps the shares of the draw when little is in flight; comparing (requests + 1) / weight there would
    /// starve the lighter targets.
    mutating func lessBusyOfTwo(_ admission: Admission) -> Int? {
        guard let first = draw(admission) else { return nil }
        guard let second = draw(admission, otherThan: first) else { return first }
        let load = targets[first].active * weight(of: second, admission)
        let loadOfSecond = (targets[second].active + 1) * weight(of: first, admission)
        return loadOfSecond <= load ? second : first
    }

    /// One admitted target, drawn by weight.
    ///
    /// Draws by full weight and accepts by what is left of it. That takes one or two attempts while most targets are
    /// well; when luck fails, the sum over all targets decides, with the same probabilities.
    private mutating func draw(_ admission: Admission, otherThan taken: Int? = nil) -> Int? {
        for _ in 0..<8 {
            let index = lots.draw(&random)
            guard index != taken else { continue }
            let weight = weight(of: index, admission)
            let full = targets[index].fullWeight
            if weight == full || Int(random.next(below: UInt64(full))) < weight { return index }
        }
        return drawFromSum(admission, otherThan: taken)
    }

    private mutating func drawFromSum(_ admission: Admission, otherThan taken: Int?) -> Int? {
        var total = 0
        for index in targets.indices where index != taken {
            total += weight(of: index, admission)
        }
        guard total > 0 else { return nil }
        var rest = Int(random.next(below: UInt64(total)))
        for index in targets.indices where index != taken {
            rest -= weight(of: index, admission)
            if rest < 0 { return index }
        }
        return nil
    }
}
