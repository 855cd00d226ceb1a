public import NIOCore

/// The id of one request: 128 random bits made here, or what a trusted peer sent.
public struct RequestID: Sendable, Hashable {
    /// The id's high half, when it was made here.
    private var high: UInt64
    /// The id's low half, when it was made here.
    private var low: UInt64
    /// The id of a peer, when one was kept.
    private var kept: ByteBuffer?

    /// Makes an id from random bits; written as 32 hex digits.
    @inlinable public init(using generator: inout SplitMix64) {
        self.init(high: generator.next(), low: generator.next())
    }

    /// Makes an id from its bits.
    public init(high: UInt64 = 0, low: UInt64 = 0) {
        self.high = high
        self.low = low
        kept = nil
    }

    /// Keeps a peer's id, when it is 1…128 bytes of letters, digits and `-_.:/+=@`; `nil` otherwise.
    public init?(keeping bytes: ByteBuffer) {
        guard (1...128).contains(bytes.readableBytes) else { return nil }
        let span = bytes.readableBytesUInt8Span
        for index in 0..<span.count {
            switch span[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "@"):
                continue
            default: return nil
            }
        }
        high = 0
        low = 0
        kept = bytes
    }

    /// Gives the id's text to `body`.
    public func withText(_ body: (RawSpan) -> Void) {
        if let kept { return body(kept.readableBytesSpan) }
        let digits: InlineArray<4, UInt64> = [
            Self.hex(high >> 32).bigEndian, Self.hex(high).bigEndian, Self.hex(low >> 32).bigEndian,
            Self.hex(low).bigEndian,
        ]
        unsafe body(digits.span.bytes)
    }

    /// Writes the id's text.
    public func write(to buffer: inout ByteBuffer) {
        withText { _ = buffer.writeBytes($0) }
    }

    /// Eight hex digits of the low 32 bits, the first digit highest: every nibble to its digit at once.
    private static func hex(_ value: UInt64) -> UInt64 {
        var nibbles = value & 0xFFFF_FFFF
        nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = ((nibbles &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 39
    }
}

extension RequestID: CustomStringConvertible {
    /// The id's text.
    public var description: String {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return String(buffer: buffer)
    }
}

/// A small, fast random generator (Steele, Lea, Flood 2014) for ids and load balancing; not for secrets.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    /// Makes a generator with a seed.
    @inlinable public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    @inlinable public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
