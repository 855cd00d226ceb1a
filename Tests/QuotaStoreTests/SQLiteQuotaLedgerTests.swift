import Foundation
import Quotas
import Testing

@testable import QuotaStore

/// What one node's file says.
struct SQLiteQuotaLedgerTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "quota-\(UUID()).sqlite").path
    private let key = QuotaKey(quota: "monthly", subject: "acme")
    private let window = QuotaWindow(start: 1_000_000, end: 1_086_400)

    private func request(_ wanted: Int, limit: Int = 100, _ key: QuotaKey? = nil) -> QuotaLeaseRequest {
        QuotaLeaseRequest(key: key ?? self.key, window: window, limit: limit, wanted: wanted, now: window.start)
    }

    private func settlement(spent: Int, returned: Int) -> QuotaSettlement {
        QuotaSettlement(key: key, window: window, day: window, spent: spent, returned: returned)
    }

    @Test func `a commit is on the disk`() async throws {
        let (journal, synchronous) = try await SQLiteQuotaLedger(path: path).durability()
        #expect(journal == "wal" && synchronous == 2)
    }

    @Test func `leases stop at the limit, and what is put back is leased again`() async throws {
        let ledger = try SQLiteQuotaLedger(path: path)
        let other = QuotaKey(quota: "monthly", subject: "other")
        let leases = try await ledger.lease([request(60), request(60), request(1), request(7, other)])
        #expect(leases.map(\.granted) == [60, 40, 0, 7])
        #expect(leases.map(\.left) == [40, 0, 0, 93])
        try await ledger.settle([settlement(spent: 50, returned: 30)])
        #expect(try await ledger.lease([request(100)]).map(\.granted) == [30])
        #expect(try await ledger.usage(key, windowAt: window.start) == QuotaUsage(taken: 100, outstanding: 50, lost: 0))
    }

    @Test func `what was outstanding when the process died stays taken, and is told as lost`() async throws {
        do {
            let ledger = try SQLiteQuotaLedger(path: path)
            _ = try await ledger.lease([request(60)])
            try await ledger.settle([settlement(spent: 10, returned: 0)])
        }
        let ledger = try SQLiteQuotaLedger(path: path)
        #expect(try await ledger.usage(key, windowAt: window.start) == QuotaUsage(taken: 60, outstanding: 0, lost: 50))
        #expect(try await ledger.lease([request(100)]).map(\.granted) == [40])
        // A process that was not dead after all books what it made.
        try await ledger.settle([settlement(spent: 60, returned: 0)])
        #expect(try await ledger.usage(key, windowAt: window.start) == QuotaUsage(taken: 100, outstanding: 0, lost: 30))
    }

    @Test func `usage is told by day, adjusted, reset and forgotten`() async throws {
        let ledger = try SQLiteQuotaLedger(path: path)
        _ = try await ledger.lease([request(100)])
        let days = [QuotaWindow(start: 1_000_000, end: 1_050_000), QuotaWindow(start: 1_050_000, end: 1_086_400)]
        for day in [days[0], days[1], days[1]] {
            try await ledger.settle([QuotaSettlement(key: key, window: window, day: day, spent: 5, returned: 0)])
        }
        #expect(
            try await ledger.history(key, daysIn: 0..<2_000_000)
                == [QuotaDay(day: days[0], calls: 5), QuotaDay(day: days[1], calls: 10)]
        )
        #expect(try await ledger.history(key, daysIn: 1_000_001..<2_000_000).map(\.calls) == [10])
        try await ledger.adjust(key, window: window, by: 20)
        #expect(try await ledger.lease([request(100)]).map(\.granted) == [20])
        try await ledger.reset(key, window: window)
        // 85 + 20 are still in the node's reserve.
        #expect(try await ledger.lease([request(100, limit: 110)]).map(\.granted) == [5])
        #expect(try await ledger.forget(before: 2_000_000) == 3)
        #expect(try await ledger.usage(key, windowAt: window.start) == nil)
    }

    @Test func `a quota may be adjusted before the first call`() async throws {
        let ledger = try SQLiteQuotaLedger(path: path)
        try await ledger.adjust(key, window: window, by: 5)
        #expect(try await ledger.lease([request(200)]).map(\.granted) == [105])
    }
}
