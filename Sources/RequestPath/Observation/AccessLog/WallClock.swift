internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Turns the monotonic times of calls into dates, and keeps a second's text for as long as calls fall into it.
struct WallClock {
    /// How long an offset is believed, so that the log follows when the system's clock is set.
    private static let offsetLifetime: UInt64 = 1_000_000_000

    /// Wall nanoseconds since 1970 less monotonic nanoseconds.
    private var offset: UInt64
    private var offsetReadAt: UInt64 = 0
    private let readOffset: () -> UInt64

    private var second = UInt64.max
    private var isoText = Array("0000-00-00T00:00:00".utf8)
    private var commonLogText = Array("00/---/0000:00:00:00 +0000".utf8)

    /// Makes a clock. Tests give an offset of their own.
    init(readOffset: @escaping () -> UInt64 = Self.systemOffset) {
        self.readOffset = readOffset
        offset = readOffset()
    }

    /// Nanoseconds since 1970 at a monotonic time.
    mutating func wallNanoseconds(at monotonic: UInt64) -> UInt64 {
        if monotonic > offsetReadAt &+ Self.offsetLifetime {
            offset = readOffset()
            offsetReadAt = monotonic
        }
        return monotonic &+ offset
    }

    /// Writes `2026-05-04T03:02:01.987Z` (RFC 3339).
    mutating func writeISO8601(_ wall: UInt64, to line: inout LineWriter) {
        show(second: wall / 1_000_000_000)
        line.write(isoText.span)
        line.writeThousandths(wall / 1_000_000 % 1_000)
        line.write("Z")
    }

    /// Writes `04/May/2026:03:02:01 +0000` (Common Log Format; AWS `$context.requestTime`).
    mutating func writeCommonLogTime(_ wall: UInt64, to line: inout LineWriter) {
        show(second: wall / 1_000_000_000)
        line.write(commonLogText.span)
    }

    private mutating func show(second: UInt64) {
        if second == self.second { return }
        self.second = second
        let date = CivilDate(daysSince1970: Int(second / 86_400))
        let time = Int(second % 86_400)
        Self.put([date.year / 100, date.year % 100], at: [0, 2], of: &isoText)
        Self.put([date.month, date.day], at: [5, 8], of: &isoText)
        Self.put([time / 3_600, time / 60 % 60, time % 60], at: [11, 14, 17], of: &isoText)
        Self.put([date.day, date.year / 100, date.year % 100], at: [0, 7, 9], of: &commonLogText)
        Self.put([time / 3_600, time / 60 % 60, time % 60], at: [12, 15, 18], of: &commonLogText)
        for letter in 0..<3 { commonLogText[3 + letter] = CivilDate.monthNames[(date.month - 1) * 3 + letter] }
    }

    /// Overwrites two digits of a text for each number.
    private static func put<let count: Int>(
        _ numbers: InlineArray<count, Int>,
        at places: InlineArray<count, Int>,
        of text: inout [UInt8]
    ) {
        for index in 0..<count {
            text[places[index]] = UInt8(truncatingIfNeeded: 48 + numbers[index] / 10)
            text[places[index] + 1] = UInt8(truncatingIfNeeded: 48 + numbers[index] % 10)
        }
    }

    /// The difference between the two clocks of the system now.
    static func systemOffset() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let wall = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        return wall &- NIODeadline.now().uptimeNanoseconds
    }
}

/// A day of the Gregorian calendar, in UTC.
struct CivilDate {
    let year: Int
    /// 1…12
    let month: Int
    /// 1…31
    let day: Int

    /// Three letters a month.
    static let monthNames = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)
    private static let daysOf400Years = 146_097
    /// From 1 March 1600, where a 400-year cycle starts, to 1970.
    private static let daysFrom1600To1970 = 135_080

    /// Finds the day's date. Years are counted from March, so that a leap day is the last of its year and needs
    /// no exception.
    init(daysSince1970 days: Int) {
        let day = days + Self.daysFrom1600To1970
        let cycle = day / Self.daysOf400Years
        let dayOfCycle = day % Self.daysOf400Years
        // Takes out the leap days before this one (every 4 years, not every 100, every 400), so that years are even.
        let leapDays = dayOfCycle / 1_460 - dayOfCycle / 36_524 + dayOfCycle / 146_096
        let yearOfCycle = (dayOfCycle - leapDays) / 365
        let dayOfYear = dayOfCycle - (yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100)
        // March to July and August to December take 153 days each, as 31, 30, 31, 30, 31.
        let monthFromMarch = (dayOfYear * 5 + 2) / 153
        self.day = dayOfYear - (monthFromMarch * 153 + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = 1_600 + cycle * 400 + yearOfCycle + (monthFromMarch < 10 ? 0 : 1)
    }
}
