/// One direction of a tunnelled WebSocket connection: passes on what one side sends, until it is told to end with a Close frame of
/// the gateway's own.
///
/// That frame can only stand between two others. From there on nothing of the sender is passed on (RFC 6455, 5.5.1), but it is still
/// read, since its own Close frame is the answer. Bytes that are no frames leave no such place: they are passed on to the last.
public struct WebSocketPassage: Sendable {
    /// What happens to some bytes.
    public struct Verdict: Sendable, Equatable {
        /// How many of them are passed on.
        public var count: Int
        /// Whether a Close frame follows.
        public var closes: Bool

        /// Makes a verdict.
        public init(count: Int, closes: Bool) {
            self.count = count
            self.closes = closes
        }
    }

    private enum State: Sendable {
        case passing
        /// A Close frame follows the frame at hand.
        case ending
        /// The receiver has got a Close frame, the sender's or the gateway's.
        case ended
    }

    private var frames: WebSocketFrames
    private var state = State.passing

    /// Starts before the sender's first frame.
    public init(from sender: WebSocketFrames.Sender) { frames = WebSocketFrames(from: sender) }

    /// Whether the sender's Close frame has come.
    public var hasClosed: Bool { frames.hasClosed }

    /// Whether the receiver has got a Close frame, the sender's or the gateway's.
    public var isSettled: Bool { state == .ended || frames.hasClosed }

    /// Reads what the sender has sent.
    public mutating func pass(_ bytes: Span<UInt8>) -> Verdict {
        switch state {
        case .passing:
            frames.read(bytes)
            return Verdict(count: bytes.count, closes: false)
        case .ending:
            let end = frames.readFrame(bytes, from: 0)
            let closes = endsHere()
            frames.read(bytes.extracting(end..<bytes.count))
            return Verdict(count: end, closes: closes)
        case .ended:
            frames.read(bytes)
            return Verdict(count: 0, closes: false)
        }
    }

    /// Asks for a Close frame at the next place where one may stand.
    /// - Returns: whether that place is here; else a verdict will tell.
    public mutating func end() -> Bool {
        guard state == .passing else { return false }
        state = .ending
        return endsHere()
    }

    private mutating func endsHere() -> Bool {
        guard frames.isBetweenFrames else { return false }
        state = .ended
        return !frames.hasClosed
    }
}
