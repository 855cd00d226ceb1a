import Foundation
import Testing

@testable import Quotas

/// Windows in time zones, with changes of the clock.
struct QuotaCalendarTests {
    private func unix(_ text: String) throws -> Int64 {
        Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970)
    }

    @Test(arguments: [
        ("UTC", QuotaPeriod.day, "2026-11-21T10:00:00Z", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"),
        ("UTC", .week, "2026-11-22T23:59:59Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("UTC", .month, "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        ("Asia/Seoul", .day, "2026-11-21T15:00:00Z", "2026-11-21T15:00:00Z", "2026-11-22T15:00:00Z"),
        // 23 hours, 25 hours, and a month with a change.
        ("Europe/Berlin", .day, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", .day, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("America/New_York", .month, "2026-11-21T10:00:00Z", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"),
        ("Asia/Kathmandu", .day, "2026-06-01T00:00:00Z", "2026-05-31T18:15:00Z", "2026-06-01T18:15:00Z"),
        // Midnight was skipped: the day starts at one o'clock.
        ("America/Santiago", .day, "2025-09-07T12:00:00Z", "2025-09-07T04:00:00Z", "2025-09-08T03:00:00Z"),
    ])
    func `a window starts at the zone's midnight`(
        zone: String,
        period: QuotaPeriod,
        at: String,
        start: String,
        end: String
    ) throws {
        let window = try QuotaCalendar(timeZone: zone).window(period, at: unix(at))
        #expect(window == QuotaWindow(start: try unix(start), end: try unix(end)))
    }

    @Test(
        arguments: [
            "UTC", "Europe/London", "America/Santiago", "Asia/Beirut", "Africa/Casablanca", "Australia/Lord_Howe",
        ],
        QuotaPeriod.allCases
    )
    func `windows follow each other without gap or overlap`(zone: String, period: QuotaPeriod) throws {
        let calendar = try QuotaCalendar(timeZone: zone)
        let windows = calendar.windows(period, from: try unix("2020-01-01T00:00:00Z"), count: 1_000)
        for (window, next) in zip(windows, windows.dropFirst()) {
            #expect(window.end == next.start)
            #expect(calendar.window(period, at: window.start) == window)
            #expect(calendar.window(period, at: window.end - 1) == window)
            #expect(window.length >= 22 * 3600)
        }
    }

    @Test(arguments: ["", "Mars/Olympus", "GMT+5", "PST", "Europe/Atlantis"])
    func `an unknown zone is refused`(name: String) {
        #expect(throws: UnknownTimeZone(name: name)) { try QuotaCalendar(timeZone: name) }
    }
}
