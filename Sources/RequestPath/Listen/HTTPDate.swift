import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The value of `Date` (IMF-fixdate, RFC 9110, 5.6.7), made anew once a second.
public final class HTTPDate {
    private var second = -1
    private var text = ByteBuffer()
    private var textSecond = -1
    private var string = ""

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The value for this second.
    func current() -> ByteBuffer {
        let now = time(nil)
        if now != second { format(now) }
        return text
    }

    /// The same as text.
    func currentText() -> String {
        let bytes = current()
        if second != textSecond {
            textSecond = second
            string = String(buffer: bytes)
        }
        return string
    }

    private func format(_ now: Int) {
        second = now
        text.clear()
        text.writeString(Self.text(of: now))
    }

    /// A time, in seconds since 1970, as an IMF-fixdate.
    public static func text(of second: Int) -> String {
        let (year, month, day) = civil(fromDays: second / 86_400)
        let clock = second % 86_400
        return "\(days[second / 86_400 % 7]), \(two(day)) \(months[month - 1]) \(year) "
            + "\(two(clock / 3_600)):\(two(clock / 60 % 60)):\(two(clock % 60)) GMT"
    }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// The Gregorian date of a day counted from 1970-01-01, by counting 400-year eras that start on 1 March.
    static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
