public import Exchange
public import NIOCore

/// A limit as clients are told of it, in the fields of draft-ietf-httpapi-ratelimit-headers-11.
///
/// `RateLimit-Policy: "per-customer";q=100;w=60` and `RateLimit: "per-customer";r=42;t=7`: requests and seconds. The draft is no
/// RFC yet; clients take what it says for a hint.
public struct LimitPolicy: Sendable {
    /// The limit's name, as the operator gave it.
    public let name: String
    /// `"name"`, as a string of structured fields (RFC 9651, 3.3.3).
    private let quotedName: ByteBuffer
    /// The whole item of `RateLimit-Policy`.
    private let item: ByteBuffer

    /// The longest name.
    public static let longestName = 64

    /// Describes a limit.
    /// - Parameters:
    ///   - name: 1…64 printable ASCII characters.
    ///   - quota: requests in a window.
    ///   - window: seconds; `nil` when it is not always as long.
    /// - Throws: `LimitNameFault` for a name that no field can carry.
    public init(name: String, quota: Int, window: Int?) throws(LimitNameFault) {
        guard (1...Self.longestName).contains(name.utf8.count), name.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw LimitNameFault(name: name) }
        var quoted = ByteBuffer(string: "\"")
        for byte in name.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { quoted.writeInteger(UInt8(ascii: "\\")) }
            quoted.writeInteger(byte)
        }
        quoted.writeInteger(UInt8(ascii: "\""))
        var item = quoted
        item.writeString(";q=\(quota)")
        if let window { item.writeString(";w=\(window)") }
        self.name = name
        quotedName = quoted
        self.item = item
    }

    /// Describes a rate: its requests in its period.
    public init(name: String, rate: Rate) throws(LimitNameFault) {
        try self.init(name: name, quota: rate.requests, window: rate.period)
    }

    /// Writes the value of `RateLimit-Policy` for the limits of a request.
    public static func write(_ policies: Span<LimitPolicy>, to buffer: inout ByteBuffer) {
        for index in policies.indices {
            if index > 0 { buffer.writeStaticString(", ") }
            buffer.writeImmutableBuffer(policies[index].item)
        }
    }

    /// Writes an item of the value of `RateLimit-Policy`.
    public func write(to buffer: inout ByteBuffer) { buffer.writeImmutableBuffer(item) }

    /// Writes an item of the value of `RateLimit`.
    /// - Parameters:
    ///   - remaining: requests.
    ///   - reset: seconds until the whole quota is there again.
    public func writeStanding(remaining: Int, reset: Int, to buffer: inout ByteBuffer) {
        buffer.writeImmutableBuffer(quotedName)
        buffer.writeStaticString(";r=")
        buffer.writeDecimal(UInt64(max(remaining, 0)))
        buffer.writeStaticString(";t=")
        buffer.writeDecimal(UInt64(max(reset, 0)))
    }

    /// Writes an item of the value of `RateLimit` for a rate.
    public func write(_ standing: Standing, to buffer: inout ByteBuffer) {
        writeStanding(remaining: standing.remaining, reset: wholeSeconds(standing.reset), to: &buffer)
    }
}

/// A limit's name that is empty, over 64 characters, or not printable ASCII.
public struct LimitNameFault: Error, Sendable, Hashable {
    /// The name.
    public var name: String
}

/// Seconds for a client to wait: never fewer than the nanoseconds, and at least 1 for any (RFC 9110, 10.2.3).
public func wholeSeconds(_ nanoseconds: UInt64) -> Int { Int((nanoseconds &+ 999_999_999) / 1_000_000_000) }

extension LimitPolicy {
    /// The refusal of a request that came too early: 429, `throttle.rate`, `Retry-After` and both fields.
    public func refusal(_ standing: Standing) -> Refusal {
        let (reset, wait) = (wholeSeconds(standing.reset), wholeSeconds(standing.wait))
        return refusal("throttle.rate", "Too Many Requests", remaining: 0, reset: reset, wait: wait)
    }

    /// The refusal of a request beyond a quota: 429, `quota.exceeded`, `Retry-After` and both fields.
    /// - Parameter wait: seconds until the next window.
    public func quotaRefusal(wait: Int) -> Refusal {
        refusal("quota.exceeded", "Limit Exceeded", remaining: 0, reset: wait, wait: wait)
    }

    private func refusal(_ cause: Cause, _ message: String, remaining: Int, reset: Int, wait: Int) -> Refusal {
        var standing = ByteBuffer()
        writeStanding(remaining: remaining, reset: reset, to: &standing)
        return Refusal(
            status: 429,
            cause: cause,
            message: message,
            fields: [
                ReplyField("Retry-After", "\(max(wait, 1))"),
                ReplyField("RateLimit-Policy", String(buffer: item)),
                ReplyField("RateLimit", String(buffer: standing)),
            ]
        )
    }
}

extension ByteBuffer {
    /// Writes a number in decimal, without a string in between.
    mutating func writeDecimal(_ number: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = 20
        var rest = number
        repeat {
            first -= 1
            digits[first] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
            rest /= 10
        } while rest > 0
        unsafe writeBytes(digits.span.extracting(first..<20).bytes)
    }
}
