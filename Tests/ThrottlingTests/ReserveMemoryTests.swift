import Quotas
import Testing

@testable import Throttling

struct ReserveMemoryTests {
    /// Never asked.
    private struct Ledger: RateLedger {
        func perform(_ work: @escaping @Sendable () -> Void) {}
        func lease(_ request: RateLeaseRequest, done: @escaping @Sendable (Result<RateLease, any Error>) -> Void) {}
        func giveBack(_ lease: RateLeaseRequest, unspent: Int, done: @escaping @Sendable () -> Void) {}
    }

    private let rates = SharedRates(ledger: Ledger(), clock: { 0 })

    private func reserve(_ name: String) throws -> RateReserve {
        RateReserve(key: name, shape: try #require(RateShape(requests: 10, per: 1, burst: 100)), rates: rates)
    }

    /// Keys that begin alike.
    private static func key(_ number: Int) -> BucketKey { BucketKey(place: 7, mark: UInt64(number + 1)) }

    @Test func `callers whose keys begin alike are found beside each other`() throws {
        var memory = ReserveMemory()
        let reserves = try (0..<4).map { try reserve("\($0)") }
        #expect(memory.reserve(of: Self.key(0)) == nil)
        for (number, reserve) in reserves.enumerated() { memory.remember(reserve, of: Self.key(number)) }
        for (number, reserve) in reserves.enumerated() { #expect(memory.reserve(of: Self.key(number)) === reserve) }
    }

    @Test func `one too many takes the place of the one that is there longest`() throws {
        var memory = ReserveMemory()
        for number in 0..<5 { memory.remember(try reserve("\(number)"), of: Self.key(number)) }
        let found = (0..<5).map { memory.reserve(of: Self.key($0))?.key }
        #expect(found == [nil, "1", "2", "3", "4"])
    }

    @Test func `a reserve that replaces its forerunner takes nobody else's place`() throws {
        var memory = ReserveMemory()
        for number in 0..<4 { memory.remember(try reserve("\(number)"), of: Self.key(number)) }
        for round in 0..<8 { memory.remember(try reserve("again \(round)"), of: Self.key(2)) }
        let found = (0..<4).map { memory.reserve(of: Self.key($0))?.key }
        #expect(found == ["0", "1", "again 7", "3"])
    }
}
