import Foundation
import Logging
import Model
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Observation

/// A directory that is gone with the test.
private final class Folder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/observation-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: "\(path)/\(name)") ?? Data(), as: UTF8.self)
    }
}

/// Keeps what was logged.
private struct KeptLog: LogHandler {
    let messages: Messages
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    final class Messages: Sendable {
        let all = Mutex<[String]>([])
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        messages.all.withLock { $0.append("\(event.message) \(event.metadata?["lines"] ?? "")") }
    }
}

extension AccessLogWriter {
    fileprivate func take(_ lines: String...) {
        var buffer = ByteBuffer(string: lines.map { $0 + "\n" }.joined())
        take(&buffer, count: lines.count)
        #expect(buffer.readableBytes == 0)
    }
}

@Suite struct AccessLogWriterTests {
    private let folder: Folder
    private var path: String { folder.path + "/access.log" }

    init() throws { folder = try Folder() }

    @Test func `lines are appended in the order in which they came`() throws {
        try Data("old\n".utf8).write(to: URL(filePath: path))
        let writer = try AccessLogWriter(destination: .file(path))
        for number in 0..<1_000 { writer.take("\(number)") }
        #expect(writer.close(within: .seconds(10)))
        #expect(folder.text("access.log") == "old\n" + (0..<1_000).map { "\($0)\n" }.joined())
        #expect(writer.droppedLines == 0)
    }

    @Test func `a file that can't be opened is an error at the start`() {
        #expect(throws: IOError.self) { try AccessLogWriter(destination: .file("/nowhere/access.log")) }
    }

    @Test func `lines after a rotation go to the new file`() throws {
        let writer = try AccessLogWriter(destination: .file(path))
        writer.take("one")
        writer.drain()
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        writer.take("two")
        writer.drain()
        writer.reopen()
        writer.take("three")
        writer.close(within: .seconds(10))
        #expect(folder.text("access.log.1") == "one\ntwo\n")
        #expect(folder.text("access.log") == "three\n")
    }

    @Test func `a reopening that fails leaves the old file in use`() throws {
        let writer = try AccessLogWriter(destination: .file(path))
        let away = folder.path + ".away"
        try FileManager.default.moveItem(atPath: folder.path, toPath: away)
        defer { try? FileManager.default.removeItem(atPath: away) }
        writer.reopen()
        writer.take("still here")
        writer.close(within: .seconds(10))
        #expect(FileManager.default.contents(atPath: away + "/access.log") == Data("still here\n".utf8))
    }

    @Test func `a full disk costs lines, which are counted and reported once a minute`() throws {
        let messages = KeptLog.Messages()
        let time = Atomic<UInt64>(0)
        let writer = try AccessLogWriter(
            destination: .file("/dev/full"),
            pendingLimit: 1_000,
            logger: Logger(label: "test") { _ in KeptLog(messages: messages) },
            now: { .uptimeNanoseconds(time.load(ordering: .relaxed)) }
        )
        writer.take("a", "b")
        writer.drain()
        writer.take("c")
        writer.drain()
        #expect(writer.droppedLines == 3)
        time.store(60_000_000_000, ordering: .relaxed)
        writer.take("d")
        writer.close(within: .seconds(10))
        #expect(messages.all.withLock { $0 } == ["access log lines were dropped 2", "access log lines were dropped 2"])
        #expect(PrometheusText.render(writer.families).hasSuffix("\ndaemun_access_log_dropped_lines_total 4\n"))
    }

    @Test func `lines over the limit of what may wait are dropped and counted`() throws {
        let writer = try AccessLogWriter(destination: .file(path), pendingLimit: 10)
        writer.take("too long for this limit", "and another")
        writer.take("short")
        writer.close(within: .seconds(10))
        writer.take("late")
        #expect(folder.text("access.log") == "short\n")
        #expect(writer.droppedLines == 3)
    }

    @Test func `closing does not wait longer than it may`() throws {
        var ends: [CInt] = [0, 0]
        let result = unsafe pipe(&ends)
        try #require(result == 0)
        defer { for end in ends { close(end) } }
        // Nobody reads this pipe, so the write blocks once the pipe is full.
        let writer = try AccessLogWriter(destination: .file("/dev/fd/\(ends[1])"))
        writer.take(String(repeating: "x", count: 1_000_000))
        #expect(!writer.close(within: .milliseconds(20)))
        close(ends[0])
        ends.remove(at: 0)
        writer.drain()
        #expect(writer.droppedLines == 1)
    }

    @Test func `a worker's buffers are used again`() throws {
        let writer = try AccessLogWriter(destination: .file(path))
        var buffer = ByteBufferAllocator().buffer(capacity: 4_096)
        buffer.writeString("x\n")
        let first = buffer.storageAddress
        writer.take(&buffer, count: 1)
        writer.drain()
        buffer.writeString("y\n")
        writer.take(&buffer, count: 1)
        #expect(buffer.storageAddress == first)
        #expect(buffer.capacity == 4_096)
    }
}

extension ByteBuffer {
    fileprivate var storageAddress: UInt {
        unsafe withVeryUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    }
}

@Suite struct LogFileTests {
    @Test func `a line that was cut does not run into the next`() async {
        // A limit on the size of files cuts a write as a full disk does; it holds for a whole process.
        await #expect(processExitsWith: .success) {
            let folder = try Folder()
            var file = try LogFile(appendingTo: folder.path + "/access.log")
            signal(SIGXFSZ, SIG_IGN)
            setFileSizeLimit(10)
            let cut = file.write(Array("one\ntwo-is-cut\n".utf8).span)
            #expect(cut == LogFile.Failure(written: 10, errorNumber: EFBIG))
            let lost = file.write(Array("lost\n".utf8).span)
            #expect(lost == LogFile.Failure(written: 0, errorNumber: EFBIG))
            setFileSizeLimit(1_000)
            let failure = file.write(Array("three\n".utf8).span)
            #expect(failure == nil)
            #expect(folder.text("access.log") == "one\ntwo-is\nthree\n")
        }
    }
}

private func setFileSizeLimit(_ bytes: UInt) {
    var limit = rlimit()
    _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    limit.rlim_cur = bytes
    let result = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    #expect(result == 0)
}

@Suite struct AccessLogBufferTests {
    private let folder: Folder
    private let writer: AccessLogWriter
    private let eventLoop = EmbeddedEventLoop()

    init() throws {
        folder = try Folder()
        writer = try AccessLogWriter(destination: .file(folder.path + "/access.log"))
    }

    private func buffer(bytes: Int) throws -> AccessLogBuffer {
        AccessLogBuffer(
            format: try .compile(.template("$context.path")),
            settings: AccessLog(destination: .standardOutput, bufferBytes: bytes, flushInterval: .seconds(1)),
            writer: writer,
            eventLoop: eventLoop
        )
    }

    private var written: String {
        writer.drain()
        return folder.text("access.log")
    }

    @Test func `lines are handed over when the time has come`() throws {
        let buffer = try buffer(bytes: 1_000)
        let exchange = SampleCall().exchange(on: eventLoop)
        for _ in 0..<2 {
            buffer.append(exchange)
            eventLoop.advanceTime(by: .milliseconds(400))
        }
        #expect(written == "")
        eventLoop.advanceTime(by: .milliseconds(200))
        #expect(written == "/orders/7\n/orders/7\n")
        eventLoop.advanceTime(by: .seconds(10))
        buffer.append(exchange)
        eventLoop.advanceTime(by: .seconds(1))
        #expect(written == "/orders/7\n/orders/7\n/orders/7\n")
    }

    @Test func `lines are handed over when there are enough bytes`() throws {
        let buffer = try buffer(bytes: 25)
        let exchange = SampleCall().exchange(on: eventLoop)
        buffer.append(exchange)
        buffer.append(exchange)
        #expect(written == "")
        buffer.append(exchange)
        #expect(written == "/orders/7\n/orders/7\n/orders/7\n")
    }

    @Test func `the last lines are handed over on exit`() throws {
        let buffer = try buffer(bytes: 1_000)
        buffer.append(SampleCall().exchange(on: eventLoop))
        buffer.flush()
        writer.close(within: .seconds(10))
        #expect(folder.text("access.log") == "/orders/7\n")
    }
}
