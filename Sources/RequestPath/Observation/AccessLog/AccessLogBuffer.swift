public import Exchange
public import Model
public import NIOCore

/// One worker's part of the access log: makes the lines of calls and hands them over to the writer by size and time.
///
/// Confined to the worker's event loop. Everything is reused, so that a line costs no allocation.
public final class AccessLogBuffer {
    private let format: AccessLogFormat
    private let writer: AccessLogWriter
    private let eventLoop: any EventLoop
    private let limit: Int
    private let flushInterval: TimeAmount

    private var clock: WallClock
    private var lines: ByteBuffer
    private var count = 0
    private var scheduledFlush: Scheduled<Void>?

    /// Bytes kept free over `bufferBytes`, so that the last line fits without growing the buffer.
    private static let roomForLastLine = 8_192

    /// Makes a worker's buffer.
    /// - Parameter settings: `bufferBytes` and `flushInterval` are taken from here.
    public convenience init(
        format: AccessLogFormat,
        settings: AccessLog,
        writer: AccessLogWriter,
        eventLoop: any EventLoop
    ) {
        self.init(format: format, settings: settings, writer: writer, eventLoop: eventLoop, clock: WallClock())
    }

    init(
        format: AccessLogFormat,
        settings: AccessLog,
        writer: AccessLogWriter,
        eventLoop: any EventLoop,
        clock: WallClock
    ) {
        self.format = format
        self.writer = writer
        self.eventLoop = eventLoop
        self.clock = clock
        limit = settings.bufferBytes
        flushInterval = TimeAmount(settings.flushInterval)
        lines = ByteBufferAllocator().buffer(capacity: settings.bufferBytes + Self.roomForLastLine)
    }

    /// Adds the line of a call that is over.
    public func append(_ exchange: Exchange) {
        format.write(exchange, clock: &clock, to: &lines)
        count += 1
        if lines.readableBytes >= limit {
            flush()
        } else if scheduledFlush == nil {
            scheduleFlush()
        }
    }

    /// Hands over what there is; also what a worker does last before it stops.
    public func flush() {
        scheduledFlush?.cancel()
        scheduledFlush = nil
        if count == 0 { return }
        writer.take(&lines, count: count)
        count = 0
    }

    private func scheduleFlush() {
        let buffer = NIOLoopBound(self, eventLoop: eventLoop)
        scheduledFlush = eventLoop.scheduleTask(in: flushInterval) { buffer.value.flush() }
    }
}
