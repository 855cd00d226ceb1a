/// Points in time as they are written in the file: `2026-12-31`, which is its midnight in UTC, or `2026-12-31T18:00:00+01:00` (RFC 3339).
enum PointInTime {
    /// The form, for editors.
    static let pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([Zz]|[+-][0-9]{2}:[0-9]{2}))?$"

    /// Reads a date or a time of day; `nil` for anything else. In seconds since 1970.
    static func read(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 10 || bytes.count >= 20, bytes[4] == 45, bytes[7] == 45,
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            (1970...9999).contains(year), (1...12).contains(month), (1...daysIn(month, of: year)).contains(day)
        else { return nil }
        let midnight = days(toYear: year, month, day) * 86_400
        if bytes.count == 10 { return midnight }
        guard [84, 116, 32].contains(bytes[10]), bytes[13] == 58, bytes[16] == 58,
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            hour < 24, minute < 60, second < 60, let offset = offset(bytes[19...])
        else { return nil }
        return midnight + hour * 3_600 + minute * 60 + second - offset
    }

    private static func offset(_ zone: ArraySlice<UInt8>) -> Int? {
        let bytes = Array(zone)
        if bytes == [90] || bytes == [122] { return 0 }
        guard bytes.count == 6, bytes[0] == 43 || bytes[0] == 45, bytes[3] == 58, let hours = number(bytes[1..<3]),
            let minutes = number(bytes[4..<6]), hours < 24, minutes < 60
        else { return nil }
        return (bytes[0] == 43 ? 1 : -1) * (hours * 3_600 + minutes * 60)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    private static func daysIn(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01, counted in years that start on 1 March.
    private static func days(toYear year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }
}

extension Shape<Int> {
    /// A date or a time of day, in seconds since 1970.
    static var pointInTime: Shape {
        let expected = "a date, as 2026-12-31 (midnight in UTC) or 2026-12-31T18:00:00+01:00"
        return .scalar(expected, pattern: PointInTime.pattern) { (text) throws(Fault) in
            guard let time = PointInTime.read(text) else { throw Fault("expected \(expected)", text: text) }
            return time
        }
    }
}
