import Wire

/// The frames at the start of some bytes (RFC 6455, 5.2), found by looking at each of them as a whole.
struct ReferenceFrames: Equatable {
    /// Where each complete frame ends.
    var ends: [Int] = []
    /// How many frames there are up to and with the first that closes; `nil` without one.
    var untilClose: Int?
    /// Whether what follows the last complete frame is the start of none.
    var isLost = false

    init(_ bytes: [UInt8], from sender: WebSocketFrames.Sender) {
        var start = 0
        while let length = Self.length(of: bytes[start...], from: sender, isLost: &isLost) {
            if untilClose == nil, bytes[start] & 0xF == 8 { untilClose = ends.count + 1 }
            start += length
            ends.append(start)
        }
    }

    /// The length of the frame that starts some bytes; `nil` when they are not all of it.
    private static func length(
        of bytes: ArraySlice<UInt8>,
        from sender: WebSocketFrames.Sender,
        isLost: inout Bool
    ) -> Int? {
        let head = Array(bytes.prefix(14))
        guard head.count >= 2 else { return nil }
        let isControl = head[0] & 8 != 0
        let short = Int(head[1] & 127)
        let hasMask = head[1] >= 128
        let extra = short < 126 ? 0 : short == 126 ? 2 : 8
        if hasMask != (sender == .client) || isControl && (head[0] < 128 || short > 125) || extra == 8 && head.count > 2
            && head[2] >= 128
        {
            isLost = true
            return nil
        }
        guard head.count >= 2 + extra else { return nil }
        let payload = extra == 0 ? short : head[2..<2 + extra].reduce(0) { $0 * 256 + Int($1) }
        let rest = bytes.count - 2 - extra - (hasMask ? 4 : 0)
        return payload <= rest ? bytes.count - rest + payload : nil
    }
}
