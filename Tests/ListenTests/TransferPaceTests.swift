import Testing

@testable import Listen

/// The least speed of bodies, on a clock of the test's own.
struct TransferPaceTests {
    private static let second: UInt64 = 1_000_000_000
    private let pace = MinimumPace(bytesPerSecond: 100, grace: 5 * TransferPaceTests.second)
    private let idle = 30 * TransferPaceTests.second

    @Test(arguments: [(0, 5), (100, 6), (1_000, 15), (-1, 5)])
    func `a transfer may take the grace and what its bytes take at the rate`(bytes: Int, seconds: UInt64) {
        #expect(pace.allowance(forBytes: bytes) == seconds * Self.second)
    }

    @Test func `no rate is no limit, and no number of bytes overflows`() {
        #expect(MinimumPace(bytesPerSecond: 0, grace: 1).allowance(forBytes: 0) == .max)
        #expect(MinimumPace(bytesPerSecond: 1, grace: 1).allowance(forBytes: .max) == .max)
    }

    // MARK: Requests

    @Test func `only the time in which the gateway takes bytes counts`() {
        var request = RequestPace()
        request.resume(at: 10 * Self.second)
        #expect(request.deadline(pace, bytes: 0) == 15 * Self.second)
        request.pause(at: 12 * Self.second)
        request.resume(at: 100 * Self.second)
        #expect(request.deadline(pace, bytes: 0) == 103 * Self.second)
        #expect(request.deadline(pace, bytes: 200) == 105 * Self.second)
    }

    @Test func `a body that has used up its time is late at once`() {
        var request = RequestPace()
        request.resume(at: 0)
        request.pause(at: 50 * Self.second)
        request.resume(at: 60 * Self.second)
        #expect(request.deadline(pace, bytes: 0) == 60 * Self.second)
    }

    // MARK: Responses

    /// What is found when the client has taken so many bytes at each second.
    private func verdicts(_ taken: [Int]) -> [ResponsePace.Verdict] {
        var response = ResponsePace()
        return taken.enumerated().map { second, taken in
            response.check(taken: taken, at: UInt64(second) * Self.second, pace: pace, idle: idle)
        }
    }

    @Test func `a reader at the rate is waited for`() {
        let verdicts = verdicts(Array(stride(from: 7_000, through: 17_000, by: 100)))
        #expect(!verdicts.contains(.slow) && !verdicts.contains(.stalled))
    }

    @Test func `a reader under the rate is slow once its grace is over`() {
        let verdicts = verdicts([0, 10, 20, 30, 40, 50, 60])
        #expect(verdicts[5] == .wait(until: 5 * Self.second + Self.second / 2))
        #expect(verdicts[6] == .slow)
    }

    @Test func `a reader that takes nothing has stalled once its grace is over`() {
        #expect(verdicts([5, 5, 5, 5, 5, 5])[5] == .stalled)
    }

    @Test func `a fast reader may stop for the idle time and no longer`() {
        let verdicts = verdicts([0, 1_000_000] + Array(repeating: 1_000_000, count: 30))
        #expect(verdicts[30] == .wait(until: 31 * Self.second))
        #expect(verdicts[31] == .stalled)
    }

    @Test func `once caught up, a reader has its grace anew`() {
        var response = ResponsePace()
        _ = response.check(taken: 0, at: 0, pace: pace, idle: idle)
        response.reset()
        let verdict = response.check(taken: 0, at: 100 * Self.second, pace: pace, idle: idle)
        #expect(verdict == .wait(until: 105 * Self.second))
    }
}
