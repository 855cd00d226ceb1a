/// Times as they are written in the file: `250ms`, `5s`, `1m30s`, `2h`.
enum TimeSpan {
    /// The form, for editors.
    static let pattern = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"

    private static let units: [(name: String, milliseconds: Int)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Reads numbers with units, each unit at most once and the longest first; `nil` for anything else.
    static func read(_ text: String) -> Duration? {
        var rest = text[...]
        var total = 0
        var allowed = units[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(name.count)
            guard let number = Int(digits), let index = allowed.firstIndex(where: { $0.name == name }) else {
                return nil
            }
            let (part, overflows) = number.multipliedReportingOverflow(by: allowed[index].milliseconds)
            let (sum, sumOverflows) = total.addingReportingOverflow(part)
            guard !overflows, !sumOverflows else { return nil }
            total = sum
            allowed = allowed[(index + 1)...]
        }
        return text.isEmpty ? nil : .milliseconds(total)
    }

    /// Writes a time so that `read` gives it back, to the millisecond.
    static func written(_ duration: Duration) -> String {
        var rest = Int(duration / .milliseconds(1))
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            // A day is 24 hours to who reads a time limit.
            if unit.name == "d", rest < 2 * unit.milliseconds { continue }
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text.isEmpty ? "0s" : text
    }
}

/// Sizes as they are written in the file: `64KiB`, `10MB`, or plain bytes.
enum ByteCount {
    /// The form, for editors.
    static let pattern = "^[0-9]+([KMG]i?B|B)?$"

    private static let units: [(name: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000),
        ("B", 1), ("", 1),
    ]

    /// Reads a whole number with or without unit; `nil` for anything else.
    static func read(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = text.dropFirst(digits.count)
        guard let number = Int(digits), let unit = units.first(where: { $0.name == name }) else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: unit.bytes)
        return overflows ? nil : bytes
    }

    /// Writes a size in the largest binary unit that divides it.
    static func written(_ bytes: Int) -> String {
        let unit = units.prefix(3).first { bytes >= $0.bytes && bytes % $0.bytes == 0 }
        return unit.map { "\(bytes / $0.bytes)\($0.name)" } ?? String(bytes)
    }
}
