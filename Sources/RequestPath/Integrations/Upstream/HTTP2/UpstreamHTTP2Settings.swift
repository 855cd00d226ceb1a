import NIOHTTP2

/// What connections to HTTP/2 backends go by.
enum UpstreamHTTP2Settings {
    /// Bytes of a response's body that a backend may send before they are taken. A client that does not read holds so many at most.
    static let streamWindow = 262_144
    /// The same for all streams of a connection together. It is given back as bytes come in, so that a stream whose bytes are not
    /// taken holds nobody else's.
    static let connectionWindow = 16_777_216
    /// What is read of one response's head, counted as HPACK does.
    private static let headerList = 65_536
    /// A backend is not a stranger: it may answer as often and ping as much as it likes, within reason.
    private static let mostControlFrames = 10_000

    static var connection: NIOHTTP2Handler.ConnectionConfiguration {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
            HTTP2Setting(parameter: .maxHeaderListSize, value: headerList),
        ]
        // Both are checked where a response is translated, by the rules that HTTP/1.1 has, too.
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        connection.maximumSequentialEmptyDataFrames = 100
        connection.maximumConnectionGlitches = mostControlFrames
        connection.controlFrameRateLimit.maximumCount = mostControlFrames
        return connection
    }

    static var stream: NIOHTTP2Handler.StreamConfiguration {
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = mostControlFrames
        stream.streamErrorRateLimit.maximumCount = mostControlFrames
        return stream
    }
}
