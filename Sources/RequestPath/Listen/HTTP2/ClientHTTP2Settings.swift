import Model
import NIOCore
import NIOHTTP2

/// What HTTP/2 connections of clients go by: the limits of the file, and what NIO's handler makes of them.
struct ClientHTTP2Settings {
    let limits: HTTP2Limits
    let connection: NIOHTTP2Handler.ConnectionConfiguration
    let stream: NIOHTTP2Handler.StreamConfiguration
    /// The flow-control window of a whole connection: large enough for every stream's own, so that a stream whose body is not taken
    /// holds nobody else's.
    let connectionWindow: Int

    /// Streams that NIO lets through beyond those that the client is told of, so that they can be refused one by one. NIO
    /// itself would close the connection.
    static let refusedStreams = 1_000
    /// Frames in 30 seconds that NIO resets a stream for: a window that is moved by nothing, data after the end.
    private static let faultsOfFrames = 32
    private static let bufferedControlFrames = 2_000

    init(_ limits: Limits) {
        self.limits = limits.http2
        connectionWindow = min(limits.http2.streams * limits.http2.windowBytes, Int(Int32.max))
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        // HPACK counts 32 bytes more for each field. Twice of what is allowed is decoded, so that a head which is too large is answered
        // with 431, and only one that is much too large costs the connection.
        let headerList = 2 * limits.headBytes + 32 * limits.headerCount
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.http2.streams + Self.refusedStreams),
            HTTP2Setting(parameter: .initialWindowSize, value: limits.http2.windowBytes),
            HTTP2Setting(parameter: .maxHeaderListSize, value: headerList),
            // WebSocket connections may be streams (RFC 8441).
            HTTP2Setting(parameter: .enableConnectProtocol, value: 1),
        ]
        // Both are checked where a request is translated, by the rules that HTTP/1.1 has, too.
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        connection.maximumSequentialEmptyDataFrames = limits.http2.emptyDataFrames
        connection.maximumSequentialContinuationFrames = limits.http2.continuations
        connection.maximumBufferedControlFrames = Self.bufferedControlFrames + limits.http2.streams
        // NIO keeps the time of each frame, in memory that every connection has from its beginning. `FrameWatch` counts
        // instead, and in a window of less than no time NIO's limits are never reached.
        connection.controlFrameRateLimit.maximumCount = 1
        connection.controlFrameRateLimit.windowLength = .seconds(-1)
        self.connection = connection
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = 1
        stream.streamResetFrameRateLimit.windowLength = .seconds(-1)
        stream.streamErrorRateLimit.maximumCount = Self.faultsOfFrames
        self.stream = stream
    }
}
