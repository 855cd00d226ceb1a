internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file descriptor that whole lines are appended to.
struct LogFile: ~Copyable {
    /// Why, and how far lines could be written.
    struct Failure: Equatable {
        /// Bytes of the lines that were written.
        let written: Int
        let errorNumber: CInt
    }

    private let descriptor: CInt
    private let isOwned: Bool
    /// Whether the last thing written is the beginning of a line whose rest could not be written.
    private var endsInsideLine = false

    /// Opens a file to append to; makes it, readable for the owner and its group, when it does not exist.
    init(appendingTo path: String) throws(IOError) {
        let descriptor = unsafe path.withCString { name in
            unsafe open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        }
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "open \(path)") }
        self.descriptor = descriptor
        isOwned = true
    }

    /// Writes to a descriptor that stays open.
    init(borrowing descriptor: CInt) {
        self.descriptor = descriptor
        isOwned = false
    }

    deinit {
        if isOwned { close(descriptor) }
    }

    /// Writes whole lines. Blocks while the reader of a pipe is slow.
    /// - Returns: `nil` when all was written.
    mutating func write(_ lines: Span<UInt8>) -> Failure? {
        if endsInsideLine {
            let end: InlineArray<1, UInt8> = [UInt8(ascii: "\n")]
            if let failure = writeAll(end.span) { return Failure(written: 0, errorNumber: failure.errorNumber) }
            endsInsideLine = false
        }
        guard let failure = writeAll(lines) else { return nil }
        endsInsideLine = failure.written > 0 && lines[failure.written - 1] != UInt8(ascii: "\n")
        return failure
    }

    private func writeAll(_ bytes: Span<UInt8>) -> Failure? {
        var written = 0
        while written < bytes.count {
            let result = unsafe bytes.extracting(written..<bytes.count).withUnsafeBytes { rest in
                unsafe systemWrite(descriptor, rest.baseAddress, rest.count)
            }
            if result > 0 {
                written += result
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: waitUntilWritable()
            case let number: return Failure(written: written, errorNumber: result == 0 ? EIO : number)
            }
        }
        return nil
    }

    /// A standard output that was made non-blocking by whoever else holds it.
    private func waitUntilWritable() {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&request, 1, 1_000)
    }
}

/// The system call, under a name that `LogFile.write` does not hide.
private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
