internal import Dispatch
internal import Logging
public import Model
public import NIOCore
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Writes the lines of all workers to one file or to standard output, on a queue of its own.
///
/// Log lines are worth less than requests: what can't be written, or not fast enough, is dropped and counted.
/// Nobody ever waits for the disk, except in `close`.
public final class AccessLogWriter: Sendable {
    private let destination: AccessLog.Destination
    private let pendingLimit: Int
    private let logger: Logger
    private let now: @Sendable () -> NIODeadline
    private let queue = DispatchQueue(label: "daemun.access-log", qos: .utility)
    private let backlog = Mutex(Backlog())
    /// Taken on the queue only, so that nobody ever waits for it while a write blocks.
    private let output: Mutex<Output>

    /// Opens the log.
    /// - Parameters:
    ///   - destination: where the lines go; a file is appended to.
    ///   - pendingLimit: the bytes that may wait to be written; lines over it are dropped.
    /// - Throws: when the file can't be opened.
    public convenience init(
        destination: AccessLog.Destination,
        pendingLimit: Int = 8 * 1_024 * 1_024
    ) throws(IOError) {
        try self.init(
            destination: destination,
            pendingLimit: pendingLimit,
            logger: Logger(label: "daemun.access-log"),
            now: { .now() }
        )
    }

    init(
        destination: AccessLog.Destination,
        pendingLimit: Int,
        logger: Logger,
        now: @escaping @Sendable () -> NIODeadline
    ) throws(IOError) {
        self.destination = destination
        self.pendingLimit = pendingLimit
        self.logger = logger
        self.now = now
        output = Mutex(Output(file: try Self.open(destination)))
        // A standard output that is a closed pipe must cost lines, not the process. NIO does the same for its sockets.
        signal(SIGPIPE, SIG_IGN)
    }

    /// The lines that were lost since the start.
    public var droppedLines: Int { backlog.withLock { $0.droppedLines } }

    /// The log's own metrics.
    public var families: [MetricFamily] {
        [
            MetricFamily(
                name: "daemun_access_log_dropped_lines_total",
                help: "Access log lines that were not written: the disk was full, failing or too slow.",
                kind: .counter,
                samples: [MetricSample(value: .number(Double(droppedLines)))]
            )
        ]
    }

    /// Opens the file anew, after it was renamed. When that fails, the old file is written on.
    public func reopen() {
        queue.async { self.reopenNow() }
    }

    /// Writes what is pending and closes the log. Blocks, so never call it on an event loop.
    /// - Returns: whether all was done within the limit; what was not is dropped.
    @discardableResult
    public func close(within limit: Duration) -> Bool {
        backlog.withLock { $0.isClosed = true }
        let done = DispatchSemaphore(value: 0)
        queue.async {
            self.output.withLock { $0.file = nil }
            done.signal()
        }
        let nanoseconds = Int(clamping: TimeAmount(limit).nanoseconds)
        return done.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success
    }

    /// Takes the bytes of `count` whole lines, and leaves an empty buffer in their place.
    func take(_ lines: inout ByteBuffer, count: Int) {
        let mustWake = backlog.withLock { backlog in
            guard !backlog.isClosed, backlog.pendingBytes + lines.readableBytes <= pendingLimit else {
                backlog.droppedLines += count
                backlog.linesDroppedUnseen += count
                lines.clear()
                return false
            }
            let spare = backlog.spares.popLast() ?? ByteBufferAllocator().buffer(capacity: lines.capacity)
            backlog.pendingBytes += lines.readableBytes
            backlog.pending.append(Chunk(lines: lines, count: count))
            lines = spare
            let mustWake = !backlog.isAwake
            backlog.isAwake = true
            return mustWake
        }
        if mustWake { queue.async { self.writePending() } }
    }

    /// Waits until everything given so far was written.
    func drain() { queue.sync {} }
}

/// Some whole lines.
private struct Chunk {
    var lines: ByteBuffer
    let count: Int
}

/// What waits to be written, shared between the workers and the queue.
private struct Backlog {
    var pending: [Chunk] = []
    var pendingBytes = 0
    /// Empty buffers that workers may fill again.
    var spares: [ByteBuffer] = []
    /// Whether the queue will look at `pending` again without being asked.
    var isAwake = false
    var isClosed = false
    var droppedLines = 0
    /// The part of `droppedLines` that the queue has not reported yet.
    var linesDroppedUnseen = 0

    static let keptSpares = 16
}

/// Where lines go, and when a loss was last reported.
private struct Output: ~Copyable {
    /// `nil` once closed.
    var file: LogFile?
    var complainedAt: NIODeadline?

    init(file: consuming LogFile) { self.file = consume file }
}

// What follows runs on the queue.
extension AccessLogWriter {
    private func writePending() {
        while true {
            let chunks = backlog.withLock { backlog in
                backlog.isAwake = !backlog.pending.isEmpty
                let chunks = backlog.pending
                backlog.pending = []
                return chunks
            }
            if chunks.isEmpty { break }
            for chunk in consume chunks { write(chunk) }
        }
    }

    private func write(_ chunk: consuming Chunk) {
        let bytes = chunk.lines.readableBytes
        let failure = output.withLock { output in output.write(chunk.lines) }
        var lost = 0
        if let failure {
            let written = chunk.lines.readableBytesView.prefix(failure.written)
            lost = chunk.count - written.count { $0 == UInt8(ascii: "\n") }
        }
        let isReusable = chunk.lines.modifyIfUniquelyOwned { $0.clear() } != nil
        let unseen = backlog.withLock { backlog in
            backlog.pendingBytes -= bytes
            backlog.droppedLines += lost
            backlog.linesDroppedUnseen += lost
            if isReusable, backlog.spares.count < Backlog.keptSpares { backlog.spares.append(chunk.lines) }
            return backlog.linesDroppedUnseen
        }
        if unseen > 0 { complain(failure.map { IOError(errnoCode: $0.errorNumber, reason: "write") }) }
    }

    /// Reports lost lines, at most once a minute.
    private func complain(_ error: IOError?) {
        let time = now()
        let isDue = output.withLock { output in
            if let last = output.complainedAt, time - last < .minutes(1) { return false }
            output.complainedAt = time
            return true
        }
        guard isDue else { return }
        let lines = backlog.withLock { backlog in
            defer { backlog.linesDroppedUnseen = 0 }
            return backlog.linesDroppedUnseen
        }
        let reason = error.map { "\($0)" } ?? "lines come faster than they can be written"
        logger.warning("access log lines were dropped", metadata: ["lines": "\(lines)", "reason": "\(reason)"])
    }

    private func reopenNow() {
        guard case .file = destination else { return }
        do throws(IOError) {
            try output.withLock { (output) throws(IOError) in output.file = try Self.open(destination) }
        } catch {
            logger.error("the access log was not reopened", metadata: ["reason": "\(error)"])
        }
    }

    private static func open(_ destination: AccessLog.Destination) throws(IOError) -> LogFile {
        switch destination {
        case .file(let path): try LogFile(appendingTo: path)
        case .standardOutput: LogFile(borrowing: STDOUT_FILENO)
        }
    }
}

extension Output {
    mutating func write(_ lines: ByteBuffer) -> LogFile.Failure? {
        guard file != nil else { return LogFile.Failure(written: 0, errorNumber: EBADF) }
        return file?.write(lines.readableBytesUInt8Span)
    }
}
