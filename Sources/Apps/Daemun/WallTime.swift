import Foundation

/// A point in calendar time.
struct WallTime: Sendable {
    private let date: Date

    static var now: WallTime { WallTime(date: Date()) }

    /// Seconds since 1970-01-01 UTC.
    var seconds: Double { date.timeIntervalSince1970 }

    /// ISO 8601 with milliseconds, in UTC.
    var text: String { date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }
}
