extension Shape<HTTP2Limits> {
    /// `limits.http2`.
    static var http2Limits: Shape {
        let defaults = HTTP2Limits()
        let frames = 1...1_000_000
        return .record(
            "a mapping of limits",
            .optional(
                "streams",
                .integer(1...10_000),
                default: defaults.streams,
                "Requests at the same time. More are refused with REFUSED_STREAM."
            ),
            .optional(
                "window",
                .bytes(1_024...(16 << 20)),
                default: defaults.windowBytes,
                "Bytes of one request's body that wait until its backend takes them."
            ),
            .optional(
                "resets",
                .integer(frames),
                default: defaults.resets,
                "Requests that the client gives up in 30 seconds, and as many malformed ones."
            ),
            .optional(
                "control_frames",
                .integer(frames),
                default: defaults.controlFrames,
                "PING, SETTINGS and PRIORITY frames in 30 seconds."
            ),
            .optional(
                "continuations",
                .integer(1...1_000),
                default: defaults.continuations,
                "CONTINUATION frames of one header block."
            ),
            .optional(
                "empty_data",
                .integer(1...1_000),
                default: defaults.emptyDataFrames,
                "DATA frames in a row that carry nothing."
            )
        ) { streams, window, resets, controlFrames, continuations, emptyData in
            HTTP2Limits(
                streams: streams,
                windowBytes: window,
                resets: resets,
                controlFrames: controlFrames,
                continuations: continuations,
                emptyDataFrames: emptyData
            )
        }
    }
}
