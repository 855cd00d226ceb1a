/// The upper bounds of a histogram's buckets, with a short cut to the bucket of a value.
struct Buckets: Sendable {
    /// Ascending, in nanoseconds. A value that equals a bound is within it.
    let bounds: [UInt64]
    /// For each length in bits, the bucket of the smallest value of that length.
    private let firstBucket: [Int]

    init(_ bounds: [UInt64]) {
        self.bounds = bounds
        firstBucket = (0...UInt64.bitWidth).map { length in
            let smallest: UInt64 = length == 0 ? 0 : 1 << UInt64(length - 1)
            return bounds.firstIndex { smallest <= $0 } ?? bounds.count
        }
    }

    /// With the bucket for what is above all bounds.
    var count: Int { bounds.count + 1 }

    /// The bucket of a value, counted from 0. Bounds grow twofold or more, so few comparisons find it.
    @inline(__always)
    func index(of value: UInt64) -> Int {
        var index = firstBucket[UInt64.bitWidth - value.leadingZeroBitCount]
        while index < bounds.count, value > bounds[index] { index += 1 }
        return index
    }

    /// 100 µs to 60 s, for how long calls and backends take.
    static let durations = Buckets(
        [
            100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
            2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
        ].map { $0 * 1_000 }
    )

    /// 1 µs to 100 ms, for what the gateway itself takes.
    static let overheads = Buckets(
        [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000].map { $0 * 1_000 }
    )
}

/// One histogram for each of some rows.
struct HistogramTable: Sendable {
    private let buckets: Buckets
    private var counts: ContiguousArray<Int>
    private var sums: ContiguousArray<UInt64>

    init(_ buckets: Buckets, rows: Int) {
        self.buckets = buckets
        counts = ContiguousArray(repeating: 0, count: rows * buckets.count)
        sums = ContiguousArray(repeating: 0, count: rows)
    }

    /// Counts a value.
    @inline(__always)
    mutating func observe(_ nanoseconds: UInt64, row: Int) {
        counts[row * buckets.count + buckets.index(of: nanoseconds)] += 1
        sums[row] &+= nanoseconds
    }

    /// Adds a row of another table with the same buckets.
    mutating func add(_ other: HistogramTable, row: Int, to target: Int) {
        for bucket in 0..<buckets.count {
            counts[target * buckets.count + bucket] += other.counts[row * buckets.count + bucket]
        }
        sums[target] &+= other.sums[row]
    }

    /// A row in seconds; `nil` when nothing was observed.
    func value(row: Int) -> HistogramValue? {
        let counts = Array(counts[row * buckets.count..<(row + 1) * buckets.count])
        guard counts.contains(where: { $0 != 0 }) else { return nil }
        return HistogramValue(
            bounds: buckets.bounds.map { Double($0) / 1_000_000_000 },
            counts: counts,
            sum: Double(sums[row]) / 1_000_000_000
        )
    }
}
