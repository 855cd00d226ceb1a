/// A stretch of time that a quota counts in: Unix seconds, with its start and without its end.
public struct QuotaWindow: Sendable, Hashable, Codable {
    /// The first second.
    public var start: Int64
    /// The first second of the next window.
    public var end: Int64

    /// Makes a window; `end` must be after `start`.
    public init(start: Int64, end: Int64) {
        precondition(end > start, "a window has a length")
        self.start = start
        self.end = end
    }

    /// Whether the second is in it.
    public func contains(_ second: Int64) -> Bool { second >= start && second < end }

    /// Its length in seconds.
    public var length: Int64 { end - start }
}

/// How often a quota starts anew.
public enum QuotaPeriod: String, Sendable, Hashable, Codable, CaseIterable {
    /// At midnight.
    case day
    /// At midnight before Monday (ISO 8601).
    case week
    /// At midnight before the first of the month.
    case month
}
