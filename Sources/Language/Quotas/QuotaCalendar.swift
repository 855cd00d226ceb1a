import Foundation

/// The windows of a quota in a time zone.
///
/// Midnight is the zone's own, so that a day has 23 or 25 hours when clocks change, and starts at the first moment there is
/// where midnight is skipped. Not for the way of a request: windows are worked out ahead of it.
public struct QuotaCalendar: Sendable {
    /// The IANA name of the zone.
    public let timeZone: String
    private let calendar: Calendar

    /// Makes a calendar for a zone such as `Europe/Berlin` or `UTC`.
    /// - Throws: `UnknownTimeZone` for a name that is not in the system's list.
    public init(timeZone name: String) throws(UnknownTimeZone) {
        // Foundation also takes abbreviations and offsets, which mean one thing today and another after a change of the law.
        guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else {
            throw UnknownTimeZone(name: name)
        }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        calendar.firstWeekday = 2
        calendar.minimumDaysInFirstWeek = 4
        timeZone = name
        self.calendar = calendar
    }

    /// The window that a second is in.
    public func window(_ period: QuotaPeriod, at second: Int64) -> QuotaWindow {
        let date = Date(timeIntervalSince1970: Double(second))
        let unit: Calendar.Component =
            switch period {
            case .day: .day
            case .week: .weekOfYear
            case .month: .month
            }
        // Only dates of other calendars have no interval. A day that counts for itself is better than no quota at all.
        guard let interval = calendar.dateInterval(of: unit, for: date) else {
            let start = second - ((second % 86_400) + 86_400) % 86_400
            return QuotaWindow(start: start, end: start + 86_400)
        }
        return QuotaWindow(
            start: Int64(interval.start.timeIntervalSince1970),
            end: Int64(interval.end.timeIntervalSince1970)
        )
    }

    /// The next windows, the first being the one that `second` is in, each starting where the former one ends.
    public func windows(_ period: QuotaPeriod, from second: Int64, count: Int) -> [QuotaWindow] {
        var windows: [QuotaWindow] = []
        var next = second
        for _ in 0..<count {
            let window = window(period, at: next)
            windows.append(window)
            next = window.end
        }
        return windows
    }
}

/// A time zone that the system does not know.
public struct UnknownTimeZone: Error, Sendable, Hashable {
    /// The name.
    public var name: String
}
