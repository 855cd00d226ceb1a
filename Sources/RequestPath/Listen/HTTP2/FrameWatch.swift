/// Follows the frames that a client sends by their heads alone: whether a header block has begun and not ended, which NIO's handler
/// keeps to itself, and how many frames came of the kinds that cost the client next to nothing.
struct FrameWatch {
    private static let headLength = 9
    private static let endHeaders: UInt8 = 4

    /// RST_STREAM frames.
    var resets: BurstCount
    /// PING, SETTINGS and PRIORITY frames.
    var controlFrames: BurstCount

    /// Bytes of the frame at hand, or of the connection's preface, that are still to come.
    private var left = 24
    /// The head of the next frame, as far as it has come: its length, type and flags, and of the rest only how much.
    private var headCount = 0
    private var length = 0
    private var type: UInt8 = 0
    private var flags: UInt8 = 0
    private var isBlockOpen = false

    init(at now: UInt64) {
        resets = BurstCount(at: now)
        controlFrames = BurstCount(at: now)
    }

    /// Whether the bytes so far end within the fields of a head.
    var isInBlock: Bool { isBlockOpen || left > 0 && isHeaders }

    private var isHeaders: Bool { type == 1 || type == 9 }

    /// Takes the next bytes of the connection.
    mutating func pass(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            if left > 0 {
                let count = min(left, bytes.count - index)
                left -= count
                index += count
                continue
            }
            takeHeadByte(bytes[index])
            index += 1
        }
    }

    private mutating func takeHeadByte(_ byte: UInt8) {
        switch headCount {
        case 0...2: length = headCount == 0 ? Int(byte) : length << 8 | Int(byte)
        case 3: type = byte
        case 4: flags = byte
        default: break
        }
        headCount += 1
        guard headCount == Self.headLength else { return }
        headCount = 0
        left = length
        switch type {
        case 1, 9: isBlockOpen = flags & Self.endHeaders == 0
        case 3: resets.add()
        case 2, 4, 6: controlFrames.add()
        default: break
        }
    }
}
