public import Exchange
public import NIOCore

/// Finds the end of a body in a stream of bytes (RFC 9112, 6 and 7.1).
///
/// Each call to `next` looks at the bytes from an offset on and tells what they are. Chunk framing is taken off: what
/// comes out is content, which the other side frames anew.
public struct BodyDecoder: Sendable {
    /// What the bytes at an offset are.
    public enum Event: Sendable, Equatable {
        /// Content in this range of the span; go on at its end.
        case content(Range<Int>)
        /// Nothing more can be told before more bytes come; all given ones are used up.
        case needsMore
        /// The body has ended; the next message starts at this offset.
        case end(Int)
    }

    private enum State: Sendable, Equatable {
        case counted(Int)
        case untilClose
        case sizeFirstDigit
        case size
        case sizeExtension
        case sizeLF
        case data(Int)
        case dataCR
        case dataLF
        case trailersStart
        case trailers
        case lastLF
        case ended
    }

    private static let longestSize = 16
    private static let longestExtension = 256
    private static let largestTrailers = 8_192

    private var state: State
    private var size = 0
    private var sizeDigits = 0
    private var extensionBytes = 0
    private var total = 0
    private let limit: Int
    /// `nil` at first: an empty buffer would be one that all workers refer to.
    private var trailerBytes: ByteBuffer?

    /// Starts a body.
    /// - Parameter limit: content bytes that are let through; over it `next` throws `.bodyTooLarge`.
    public init(_ framing: BodyFraming, limit: Int = .max) {
        self.limit = limit
        switch framing {
        case .none: state = .ended
        case .length(let count): state = count == 0 ? .ended : .counted(count)
        case .chunked: state = .sizeFirstDigit
        case .untilClose: state = .untilClose
        }
    }

    /// Whether the body is over.
    public var hasEnded: Bool { state == .ended }

    /// Whether the connection's end is the body's end.
    public var endsWithConnection: Bool { state == .untilClose }

    /// The trailer section with its empty line, once a chunked body has ended; `nil` when it has no trailers. Nothing
    /// is known of it but where it ends: only what comes out of a `TrailerFilter` may be passed on.
    public var trailers: ByteBuffer? { trailerBytes.flatMap { $0.readableBytes > 0 ? $0 : nil } }

    /// Tells what the bytes from `offset` on are.
    public mutating func next(_ span: Span<UInt8>, from offset: Int) throws(WireFault) -> Event {
        var index = offset
        while true {
            switch state {
            case .ended:
                return .end(index)
            case .counted(let left):
                guard index < span.count else { return .needsMore }
                let end = min(span.count, index + left)
                state = end - index == left ? .ended : .counted(left - (end - index))
                return try content(index..<end)
            case .untilClose:
                guard index < span.count else { return .needsMore }
                return try content(index..<span.count)
            case .data(let left):
                guard index < span.count else { return .needsMore }
                let end = min(span.count, index + left)
                state = end - index == left ? .dataCR : .data(left - (end - index))
                return try content(index..<end)
            case .trailersStart where index < span.count && span[index] != Characters.cr:
                state = .trailers
            case .trailers:
                guard try takeTrailers(span, &index) else { return .needsMore }
            default:
                guard index < span.count else { return .needsMore }
                try takeFraming(span[index])
                index += 1
            }
        }
    }

    private mutating func content(_ range: Range<Int>) throws(WireFault) -> Event {
        total += range.count
        guard total <= limit else { throw .bodyTooLarge }
        return .content(range)
    }

    /// One byte of a chunk's size line, or of the line end after its data or at the end of the body.
    private mutating func takeFraming(_ byte: UInt8) throws(WireFault) {
        switch state {
        case .sizeFirstDigit:
            guard let digit = Characters.hexValue(byte) else { throw .badChunkSize }
            size = Int(digit)
            sizeDigits = 1
            extensionBytes = 0
            state = .size
        case .size:
            if let digit = Characters.hexValue(byte) {
                sizeDigits += 1
                guard sizeDigits <= Self.longestSize, size < 1 << 48 else { throw .badChunkSize }
                size = size << 4 | Int(digit)
            } else if byte == Characters.cr {
                state = .sizeLF
            } else if byte == UInt8(ascii: ";") {
                state = .sizeExtension
            } else {
                throw byte == Characters.lf ? .bareLF : .badChunkSize
            }
        case .sizeExtension:
            if byte == Characters.cr {
                state = .sizeLF
                return
            }
            extensionBytes += 1
            guard extensionBytes <= Self.longestExtension else { throw .chunkExtensionTooLong }
            if byte < 0x20 && byte != Characters.tab || byte == 0x7F {
                throw byte == Characters.lf ? .bareLF : .badChunkSize
            }
        case .sizeLF:
            guard byte == Characters.lf else { throw .bareCR }
            state = size == 0 ? .trailersStart : .data(size)
        case .dataCR:
            guard byte == Characters.cr else { throw byte == Characters.lf ? .bareLF : .badChunkEnd }
            state = .dataLF
        case .dataLF:
            guard byte == Characters.lf else { throw .bareCR }
            state = .sizeFirstDigit
        case .trailersStart:
            // Most bodies have no trailers: their last CRLF is checked without collecting it.
            state = .lastLF
        case .lastLF:
            guard byte == Characters.lf else { throw .bareCR }
            state = .ended
        case .counted, .untilClose, .data, .trailers, .ended:
            break
        }
    }

    /// Collects the trailer section.
    /// - Returns: whether it is complete.
    private mutating func takeTrailers(_ span: Span<UInt8>, _ index: inout Int) throws(WireFault) -> Bool {
        var section = trailerBytes ?? ByteBuffer()
        trailerBytes = nil
        defer { trailerBytes = section }
        while index < span.count {
            guard section.readableBytes < Self.largestTrailers else { throw .trailersTooLarge }
            let byte = span[index]
            section.writeInteger(byte)
            index += 1
            guard byte == Characters.lf else { continue }
            if try Self.endsSection(section.readableBytesUInt8Span) {
                state = .ended
                return true
            }
        }
        return false
    }

    /// Whether a trailer section that ends in LF ends in an empty line.
    private static func endsSection(_ section: Span<UInt8>) throws(WireFault) -> Bool {
        let count = section.count
        guard count >= 2, section[count - 2] == Characters.cr else { throw .bareLF }
        return count >= 4 && section[count - 3] == Characters.lf && section[count - 4] == Characters.cr
    }
}
