import Foundation
import Quotas
import Testing

@testable import Redis

/// The ledger that nodes share, on a real server.
@Suite(.timeLimit(.minutes(5))) struct RedisQuotaLedgerTests {
    private static let key = QuotaKey(quota: "month", subject: "acme")

    /// A window around now, as scripts go by the server's clock.
    private static var window: QuotaWindow {
        let now = Int64(Date().timeIntervalSince1970)
        return QuotaWindow(start: now - 86_400, end: now + 86_400)
    }

    private static func request(_ wanted: Int, in window: QuotaWindow, limit: Int = 10, _ key: QuotaKey = key)
        -> QuotaLeaseRequest
    {
        QuotaLeaseRequest(key: key, window: window, limit: limit, wanted: wanted, now: window.start + 86_400)
    }

    private static func settlement(_ window: QuotaWindow, spent: Int, returned: Int, _ key: QuotaKey = key)
        -> QuotaSettlement
    {
        let day = QuotaWindow(start: window.start, end: window.start + 86_400)
        return QuotaSettlement(key: key, window: window, day: day, spent: spent, returned: returned)
    }

    @Test func `nodes never get more than the quota together, and what they put back others get`() async throws {
        let server = try RedisServerProcess()
        let client = try await server.connect()
        let (one, other) = (RedisQuotaLedger(client.handle), RedisQuotaLedger(client.handle))
        let window = Self.window
        #expect(try await one.lease([Self.request(6, in: window)]) == [QuotaLease(granted: 6, left: 4)])
        #expect(try await other.lease([Self.request(6, in: window)]) == [QuotaLease(granted: 4, left: 0)])
        #expect(try await one.lease([Self.request(1, in: window)]).first?.granted == 0)
        // Two were made, three go back, and one is kept.
        try await one.settle([Self.settlement(window, spent: 2, returned: 3)])
        #expect(try await other.lease([Self.request(9, in: window)]).first?.granted == 3)
        try await one.settle([Self.settlement(window, spent: 1, returned: 0)])
        #expect(try await one.lease([Self.request(9, in: window)]).first?.granted == 0)
        try await client.stop()
    }

    @Test func `what a node puts back again and again goes back once`() async throws {
        let server = try RedisServerProcess()
        let client = try await server.connect()
        let ledger = RedisQuotaLedger(client.handle)
        let window = Self.window
        _ = try await ledger.lease([Self.request(10, in: window)])
        for _ in 0..<3 { try await ledger.settle([Self.settlement(window, spent: 0, returned: 2)]) }
        #expect(try await ledger.lease([Self.request(9, in: window)]) == [QuotaLease(granted: 6, left: 0)])
        try await client.stop()
    }

    @Test func `operators read days and counts, and set them`() async throws {
        let server = try RedisServerProcess()
        let client = try await server.connect()
        let ledger = RedisQuotaLedger(client.handle)
        let window = Self.window
        let ofRoute = QuotaKey(quota: "month", subject: "acme shop GET /orders")
        for key in [Self.key, ofRoute] {
            _ = try await ledger.lease([Self.request(5, in: window, key)])
            try await ledger.settle([Self.settlement(window, spent: 4, returned: 0, key)])
        }
        let usage = QuotaUsage(taken: 5, outstanding: 1, lost: 0)
        #expect(
            try await ledger.accounts(of: "acme", quota: "month", in: window)
                == [QuotaAccount(key: Self.key, usage: usage), QuotaAccount(key: ofRoute, usage: usage)]
        )
        #expect(try await ledger.accounts(of: "acme", quota: "day", in: window).isEmpty)
        let days = try await ledger.history(Self.key, daysIn: (window.start - 1)..<window.end)
        #expect(days.map(\.calls) == [4])
        try await ledger.set(Self.key, window: window, used: 9)
        #expect(try await ledger.lease([Self.request(5, in: window)]).first?.granted == 0)
        try await ledger.reset(Self.key, window: window)
        #expect(try await ledger.lease([Self.request(20, in: window)]).first?.granted == 9)
        try await client.stop()
    }

    @Test func `without a server nothing is granted, and afterwards nothing twice`() async throws {
        let server = try RedisServerProcess(["--appendonly", "yes", "--appendfsync", "always"])
        let client = try await server.connect()
        let ledger = RedisQuotaLedger(client.handle)
        let window = Self.window
        #expect(try await ledger.lease([Self.request(4, in: window)]).first?.granted == 4)
        server.kill()
        await #expect(throws: LeaseFailure.self) { try await ledger.lease([Self.request(4, in: window)]) }
        try server.start()
        var granted = 0
        while granted == 0 {
            granted = (try? await ledger.lease([Self.request(9, in: window)]).first?.granted) ?? 0
        }
        #expect(granted == 6)
        try await client.stop()
    }
}
