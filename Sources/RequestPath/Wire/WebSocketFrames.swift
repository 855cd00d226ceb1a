/// Follows the frames of one side of a WebSocket connection (RFC 6455, 5.2), to know where each of them ends.
///
/// Nothing is decoded, checked for meaning or held back: extensions give bits and opcodes a meaning that is not known here. Only
/// what makes every receiver fail the connection (a wrong mask bit, a control frame that is long or in pieces, a length beyond 63
/// bits) is noted, since nobody can say where the next frame starts after it.
public struct WebSocketFrames: Sendable, Equatable {
    /// The side that sends the frames. A client masks them, a server does not (RFC 6455, 5.1).
    public enum Sender: Sendable {
        case client
        case server
    }

    private static let close: UInt8 = 0x8
    private static let longestControlPayload: UInt8 = 125

    private let sender: Sender
    private var opcode: UInt8 = 0
    private var isFinal = false
    /// Bytes of the frame's header that have been read, and how many there are as far as is known.
    private var headerRead: UInt8 = 0
    private var headerLength: UInt8 = 2
    /// Where the mask starts in the header.
    private var maskStart: UInt8 = 2
    /// Bytes of the payload that are yet to come.
    private var payload: UInt64 = 0

    /// Whether a whole Close frame has been read.
    public private(set) var hasClosed = false
    /// Whether the bytes are no frames, so that nothing is known of them any more.
    public private(set) var isLost = false

    /// Starts before the first frame.
    public init(from sender: Sender) { self.sender = sender }

    /// Whether the next byte would be the first one of a frame.
    public var isBetweenFrames: Bool { headerRead == 0 && !isLost }

    /// Reads all bytes.
    public mutating func read(_ bytes: Span<UInt8>) {
        var offset = 0
        while offset < bytes.count { offset = readFrame(bytes, from: offset) }
    }

    /// Reads from an offset to the end of the frame at hand, or of the bytes if they end before.
    /// - Returns: the offset after what was read.
    public mutating func readFrame(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, !isLost {
            if headerRead < headerLength {
                readHeader(bytes[index])
                index += 1
            } else {
                let count = min(payload, UInt64(bytes.count - index))
                payload -= count
                index += Int(count)
            }
            if headerRead == headerLength, payload == 0, !isLost {
                endFrame()
                return index
            }
        }
        return bytes.count
    }

    private mutating func readHeader(_ byte: UInt8) {
        switch headerRead {
        case 0:
            opcode = byte & 0xF
            isFinal = byte & 0x80 != 0
        case 1: readLength(byte)
        case ..<maskStart:
            payload = payload << 8 | UInt64(byte)
            if headerRead == 2, maskStart == 10, byte & 0x80 != 0 { isLost = true }
        default: break
        }
        headerRead += 1
    }

    private mutating func readLength(_ byte: UInt8) {
        let isMasked = byte & 0x80 != 0
        let length = byte & 0x7F
        let isControl = opcode & 0x8 != 0
        if isMasked != (sender == .client) || isControl && (!isFinal || length > Self.longestControlPayload) {
            isLost = true
        }
        maskStart = length == 127 ? 10 : length == 126 ? 4 : 2
        payload = length < 126 ? UInt64(length) : 0
        headerLength = maskStart + (isMasked ? 4 : 0)
    }

    private mutating func endFrame() {
        if opcode == Self.close { hasClosed = true }
        headerRead = 0
        headerLength = 2
    }
}
