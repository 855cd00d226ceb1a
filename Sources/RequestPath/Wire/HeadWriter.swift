import Exchange
public import NIOCore

/// Puts the head of a message together from many small pieces, in memory that was made ready once for all of them.
///
/// A `ByteBuffer` looks after its storage at every write, which for pieces of ten bytes costs more than the bytes do. The
/// methods have the names of `ByteBuffer`'s; `ByteBuffer.writeHead` lends a writer.
@safe
public struct HeadWriter: ~Copyable {
    // Invariant: it outlives the writer, since only `writeHead` makes one, and lends it.
    @usableFromInline let memory: UnsafeMutableRawBufferPointer
    /// Bytes of all pieces so far. When they are more than there is room for, those that were too many are missing.
    @usableFromInline var count = 0

    @inlinable
    init(_ memory: UnsafeMutableRawBufferPointer) { unsafe self.memory = memory }

    /// Writes bytes.
    @inlinable
    public mutating func writeBytes(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    /// Writes a constant text.
    @inlinable
    public mutating func writeStaticString(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(UnsafeRawBufferPointer($0)) }
    }

    /// Writes a text.
    @inlinable
    public mutating func writeString(_ text: String) {
        unsafe writeBytes(text.utf8.span.bytes)
    }

    /// Writes what a buffer holds.
    @inlinable
    public mutating func writeImmutableBuffer(_ buffer: ByteBuffer) {
        writeBytes(buffer.readableBytesSpan)
    }

    /// Writes a number in decimal digits.
    public mutating func writeDecimal(_ value: UInt) {
        value.withDecimalDigits { writeBytes($0) }
    }

    @inlinable
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let start = count
        count += bytes.count
        guard unsafe count <= memory.count else { return }
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start..<count]).copyMemory(from: bytes)
    }
}

extension ByteBuffer {
    /// Appends what `body` writes. When there was not enough room for it, more is made and `body` runs again.
    @inlinable
    public mutating func writeHead(_ body: (inout HeadWriter) -> Void) {
        var room = 0
        repeat {
            let reserved = room
            unsafe writeWithUnsafeMutableBytes(minimumWritableBytes: reserved) { memory in
                var writer = unsafe HeadWriter(memory)
                body(&writer)
                room = writer.count > memory.count ? writer.count : 0
                return room == 0 ? writer.count : 0
            }
        } while room > 0
    }
}
