/// How many attempts of the last moments there were, and how many of them failed.
///
/// Time is cut into steps of a tenth of the window, and a step is forgotten as a whole: what is counted covers between nine
/// tenths of the window and all of it.
struct FailureWindow {
    private struct Counts {
        var attempts = 0
        var failures = 0
    }

    private static let steps = 10

    private let stepLength: UInt64
    private var ring = Array(repeating: Counts(), count: steps)
    /// Which step `sum` was last brought up to; steps are counted from time 0.
    private var step: UInt64 = 0
    private var sum = Counts()

    /// Makes an empty window of so many nanoseconds.
    init(length: UInt64) {
        stepLength = max(length / UInt64(Self.steps), 1)
    }

    var attempts: Int { sum.attempts }
    var failures: Int { sum.failures }

    mutating func record(isFailure: Bool, now: UInt64) {
        forget(before: now / stepLength)
        let index = Int(step % UInt64(Self.steps))
        ring[index].attempts += 1
        sum.attempts += 1
        guard isFailure else { return }
        ring[index].failures += 1
        sum.failures += 1
    }

    mutating func clear() {
        ring = Array(repeating: Counts(), count: Self.steps)
        sum = Counts()
    }

    /// Goes on to a step, and empties those on the way, which held what is too old now.
    private mutating func forget(before next: UInt64) {
        guard next > step else { return }
        for passed in 1...min(next - step, UInt64(Self.steps)) {
            let index = Int((step + passed) % UInt64(Self.steps))
            sum.attempts -= ring[index].attempts
            sum.failures -= ring[index].failures
            ring[index] = Counts()
        }
        step = next
    }
}
