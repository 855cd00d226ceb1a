import Exchange

/// Draws indices with probabilities proportional to fixed weights, in constant time (Walker's alias method).
struct WeightedDraw {
    /// An equal part of the range of draws, shared by at most two indices: its own up to the cut, another above it.
    private struct Column {
        var cut: UInt64
        var other: Int
    }

    private var columns: [Column]

    /// Prepares the draw; weights are positive.
    init(weights: [Int]) {
        columns = weights.indices.map { Column(cut: .max, other: $0) }
        let total = UInt64(weights.reduce(0, +))
        // In units in which a column holds `total`.
        var shares = weights.map { UInt64($0) * UInt64(weights.count) }
        var short = shares.indices.filter { shares[$0] < total }
        var rich = shares.indices.filter { shares[$0] >= total }
        while let receiver = short.popLast(), let giver = rich.last {
            let cut = total.dividingFullWidth((high: shares[receiver], low: 0)).quotient
            columns[receiver] = Column(cut: cut, other: giver)
            shares[giver] -= total - shares[receiver]
            if shares[giver] < total {
                rich.removeLast()
                short.append(giver)
            }
        }
    }

    func draw(_ random: inout SplitMix64) -> Int {
        let (column, height) = random.next().multipliedFullWidth(by: UInt64(columns.count))
        let index = Int(column)
        return height < columns[index].cut ? index : columns[index].other
    }
}
