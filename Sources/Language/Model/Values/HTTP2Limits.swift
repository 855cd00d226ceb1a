/// What one client connection of HTTP/2 may take. One that goes over a limit of frames is closed with ENHANCE_YOUR_CALM.
public struct HTTP2Limits: Sendable, Hashable {
    /// Requests at the same time; those over it are refused with REFUSED_STREAM.
    public var streams: Int
    /// Bytes of one request's body that may be under way before they are taken (SETTINGS_INITIAL_WINDOW_SIZE).
    public var windowBytes: Int
    /// RST_STREAM frames of the client in 30 seconds, and as many faults of it that cost a stream.
    public var resets: Int
    /// PING, SETTINGS and PRIORITY frames of the client in 30 seconds.
    public var controlFrames: Int
    /// CONTINUATION frames of one header block.
    public var continuations: Int
    /// DATA frames in a row that carry nothing.
    public var emptyDataFrames: Int

    /// Makes limits; each default is documented in `docs/configuration.md`.
    public init(
        streams: Int = 100,
        windowBytes: Int = 131_072,
        resets: Int = 200,
        controlFrames: Int = 500,
        continuations: Int = 8,
        emptyDataFrames: Int = 10
    ) {
        self.streams = streams
        self.windowBytes = windowBytes
        self.resets = resets
        self.controlFrames = controlFrames
        self.continuations = continuations
        self.emptyDataFrames = emptyDataFrames
    }
}
