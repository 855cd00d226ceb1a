import Exchange
import Model
import Testing

@testable import Selection

@Suite struct CircuitBreakerTests {
    static let settings = Backend.Breaker(
        window: .seconds(10),
        minRequests: 20,
        failureShare: 0.5,
        duration: .seconds(5),
        maxDuration: .seconds(30),
        probes: 3
    )

    private func breaker(_ settings: Backend.Breaker = settings) -> CircuitBreaker { CircuitBreaker(settings) }

    /// Makes an attempt and ends it; answers whether that opened the circuit, `nil` when it was refused.
    @discardableResult
    private func attempt(
        _ breaker: inout CircuitBreaker,
        _ outcome: CircuitBreaker.Outcome,
        _ now: UInt64
    ) -> Bool? {
        guard let pass = breaker.admit(now: now) else { return nil }
        return breaker.ended(pass, outcome, now: now)
    }

    /// The passes of so many attempts, all of which are let through.
    private func admitted(_ breaker: inout CircuitBreaker, _ count: Int, now: UInt64) throws -> [CircuitBreaker.Pass] {
        let passes = (0..<count).compactMap { _ in breaker.admit(now: now) }
        try #require(passes.count == count)
        return passes
    }

    /// A breaker whose circuit was opened at a time.
    private func opened(at now: UInt64, _ settings: Backend.Breaker = settings) -> CircuitBreaker {
        var breaker = breaker(settings)
        while attempt(&breaker, .failure, now) == false {}
        return breaker
    }

    private func seconds(open breaker: CircuitBreaker, from now: UInt64) -> UInt64 {
        var seconds: UInt64 = 0
        while !breaker.wouldAdmit(now: now + seconds * second) { seconds += 1 }
        return seconds
    }

    struct Traffic: Sendable, CustomTestStringConvertible {
        var successes: Int
        var failures: Int
        var opens: Bool

        var testDescription: String { "\(successes) well, \(failures) failed: \(opens ? "opens" : "stays closed")" }
    }

    @Test(arguments: [
        Traffic(successes: 0, failures: 19, opens: false), Traffic(successes: 0, failures: 20, opens: true),
        Traffic(successes: 10, failures: 9, opens: false), Traffic(successes: 10, failures: 10, opens: true),
        Traffic(successes: 11, failures: 10, opens: false), Traffic(successes: 1_000, failures: 999, opens: false),
        Traffic(successes: 1_000, failures: 1_000, opens: true), Traffic(successes: 100_000, failures: 0, opens: false),
    ])
    func `exactly the share of failures among enough attempts opens the circuit`(traffic: Traffic) {
        var breaker = breaker()
        for _ in 0..<traffic.successes { attempt(&breaker, .success, 0) }
        let answers = (0..<traffic.failures).map { _ in attempt(&breaker, .failure, 0) }
        #expect(answers.contains(true) == traffic.opens)
        #expect(answers.dropLast().allSatisfy { $0 == false })
        #expect(breaker.position(now: 0) == (traffic.opens ? .open : .closed))
    }

    @Test(arguments: [0.01, 0.1, 0.29, 0.3, 0.55, 0.99, 1.0])
    func `any share is reached exactly`(share: Double) {
        var breaker = breaker(Backend.Breaker(minRequests: 100, failureShare: share))
        let failures = Int((share * 100).rounded())
        for _ in failures..<100 { attempt(&breaker, .success, 0) }
        for _ in 1..<failures { attempt(&breaker, .failure, 0) }
        #expect(attempt(&breaker, .failure, 0) == true)
    }

    @Test func `an attempt that tells nothing counts for nothing`() {
        var breaker = breaker()
        for _ in 0..<1_000 { attempt(&breaker, .unknown, 0) }
        for _ in 0..<19 { #expect(attempt(&breaker, .failure, 0) == false) }
        #expect(attempt(&breaker, .failure, 0) == true)
    }

    @Test(arguments: [(0.0, true), (8.9, true), (10.0, false), (60.0, false), (1e6, false)])
    func `failures are forgotten with the window`(later: Double, opens: Bool) {
        var breaker = breaker()
        let start = 3 * second
        for _ in 0..<19 { attempt(&breaker, .failure, start) }
        #expect(attempt(&breaker, .failure, start + .seconds(later)) == opens)
    }

    @Test func `successes are forgotten with the window, too`() {
        var breaker = breaker()
        for _ in 0..<10_000 { attempt(&breaker, .success, 0) }
        for _ in 0..<19 { attempt(&breaker, .failure, 11 * second) }
        #expect(attempt(&breaker, .failure, 11 * second) == true)
    }

    @Test func `an open circuit admits nobody for exactly its time, and says how long`() {
        var breaker = opened(at: 7 * second)
        for time in [7.0, 9, 11.999] { #expect(breaker.admit(now: .seconds(time)) == nil) }
        #expect(breaker.retryAfter(now: 7 * second) == 5 * second)
        #expect(breaker.retryAfter(now: .seconds(11.9)) == second)
        #expect(breaker.position(now: .seconds(11.999)) == .open)
        #expect(breaker.position(now: 12 * second) == .halfOpen)
        #expect(breaker.admit(now: 12 * second) != nil)
    }

    @Test(arguments: [1, 2, 3, 10])
    func `a half-open circuit admits so many probes, and closes when all have succeeded`(probes: Int) throws {
        var settings = Self.settings
        settings.probes = probes
        var breaker = opened(at: 0, settings)
        let now = 5 * second
        let passes = try admitted(&breaker, probes, now: now)
        #expect(breaker.admit(now: now) == nil)
        for pass in passes {
            #expect(breaker.position(now: now) == .halfOpen)
            #expect(breaker.ended(pass, .success, now: now) == false)
        }
        #expect(breaker.position(now: now) == .closed)
        for _ in 0..<100 { #expect(attempt(&breaker, .success, now) == false) }
    }

    @Test(arguments: 0..<3)
    func `one failed probe opens it again, whatever the others say`(successes: Int) throws {
        var breaker = opened(at: 0)
        let now = 5 * second
        let passes = try admitted(&breaker, 3, now: now)
        for pass in passes.prefix(successes) { _ = breaker.ended(pass, .success, now: now) }
        #expect(breaker.ended(passes[successes], .failure, now: now) == true)
        for pass in passes.dropFirst(successes + 1) { #expect(breaker.ended(pass, .failure, now: now) == false) }
        #expect(seconds(open: breaker, from: now) == 10)
    }

    @Test func `it stays open longer each time, up to the maximum`() {
        var breaker = opened(at: 0)
        var now: UInt64 = 0
        let times = (0..<5).map { _ in
            let length = seconds(open: breaker, from: now)
            now += length * second
            attempt(&breaker, .failure, now)
            return length
        }
        #expect(times == [5, 10, 20, 30, 30])
    }

    @Test(arguments: [(0.0, 10), (4.9, 10), (5.0, 5), (100.0, 5)])
    func `once closed for as long as it was open, the next time is short again`(closed: Double, next: UInt64) {
        var breaker = opened(at: 0)
        for _ in 0..<3 { attempt(&breaker, .success, 5 * second) }
        let later = 5 * second + .seconds(closed)
        while attempt(&breaker, .failure, later) == false {}
        #expect(seconds(open: breaker, from: later) == next)
    }

    @Test func `a client that leaves makes room for another probe`() throws {
        var breaker = opened(at: 0)
        let now = 5 * second
        for _ in 0..<100 { #expect(attempt(&breaker, .unknown, now) == false) }
        let passes = try admitted(&breaker, 3, now: now)
        #expect(breaker.admit(now: now) == nil)
        for pass in passes { _ = breaker.ended(pass, .success, now: now) }
        #expect(breaker.position(now: now) == .closed)
    }

    @Test func `probes that never end do not keep the circuit half-open for ever`() throws {
        var breaker = opened(at: 0)
        let hanging = try admitted(&breaker, 3, now: 5 * second)
        #expect(breaker.admit(now: .seconds(9.9)) == nil)
        for _ in 0..<3 { attempt(&breaker, .success, 10 * second) }
        #expect(breaker.position(now: 10 * second) == .closed)
        for pass in hanging { #expect(breaker.ended(pass, .failure, now: 11 * second) == false) }
        #expect(breaker.position(now: 11 * second) == .closed)
    }

    @Test(arguments: [CircuitBreaker.Outcome.success, .failure, .unknown])
    func `what began before the circuit opened neither opens nor closes it`(outcome: CircuitBreaker.Outcome) throws {
        var breaker = breaker()
        let early = try admitted(&breaker, 10, now: 0)
        while attempt(&breaker, .failure, 0) == false {}
        for pass in early.prefix(5) { #expect(breaker.ended(pass, outcome, now: second) == false) }
        #expect(seconds(open: breaker, from: 0) == 5)
        _ = try admitted(&breaker, 1, now: 5 * second)
        for pass in early.dropFirst(5) { #expect(breaker.ended(pass, outcome, now: 5 * second) == false) }
        #expect(breaker.position(now: 5 * second) == .halfOpen)
    }

    @Test func `a closed circuit starts to count anew`() {
        var breaker = opened(at: 0)
        for _ in 0..<3 { attempt(&breaker, .success, 5 * second) }
        for _ in 0..<19 { #expect(attempt(&breaker, .failure, 5 * second) == false) }
        #expect(attempt(&breaker, .failure, 5 * second) == true)
    }

    @Test func `endless durations do not overflow`() {
        let endless = Duration.seconds(Int64.max)
        let settings = Backend.Breaker(window: endless, duration: endless, maxDuration: endless)
        let breaker = opened(at: 1 << 61, settings)
        #expect(breaker.position(now: (1 << 62) - 1) == .open)
    }
}

/// The window held against a list of everything that was recorded.
@Suite struct FailureWindowTests {
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `it holds what happened in the last tenths, and nothing older`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var window = FailureWindow(length: 100)
        var recorded: [(time: UInt64, isFailure: Bool)] = []
        var now = random.next(below: 1_000)
        for _ in 0..<2_000 {
            now += random.next(below: random.next(below: 10) == 0 ? 300 : 8)
            let isFailure = random.next(below: 3) == 0
            window.record(isFailure: isFailure, now: now)
            recorded.append((now, isFailure))
            let kept = recorded.filter { $0.time / 10 + 10 > now / 10 }
            #expect(window.attempts == kept.count)
            #expect(window.failures == kept.count(where: \.isFailure))
        }
    }
}
