public import NIOCore

/// Writes RESP into a buffer: the words of commands, and values as a server would.
public struct RESPWriter: Sendable {
    /// What was written.
    public private(set) var bytes: ByteBuffer
    /// How many words were written.
    public private(set) var words = 0

    /// Makes a writer.
    public init(bytes: ByteBuffer = ByteBuffer()) { self.bytes = bytes }

    /// Makes a writer of bytes that others are put before.
    public init(roomInFront: Int) {
        bytes = ByteBufferAllocator().buffer(capacity: 256)
        bytes.moveWriterIndex(to: roomInFront)
        bytes.moveReaderIndex(to: roomInFront)
    }

    /// Takes what was written, so that whoever goes on with it has no need to copy it.
    public mutating func takeBytes() -> ByteBuffer {
        let taken = bytes
        bytes = ByteBuffer()
        return taken
    }

    // MARK: Words of a command

    /// Writes a word that is known to the compiler.
    public mutating func word(_ text: StaticString) {
        begin(text.utf8CodeUnitCount)
        bytes.writeStaticString(text)
        end()
    }

    /// Writes a text.
    public mutating func word(_ text: some StringProtocol) {
        begin(text.utf8.count)
        bytes.writeSubstring(Substring(text))
        end()
    }

    /// Writes a number.
    public mutating func word(_ number: some BinaryInteger) { word(String(number)) }

    /// Writes bytes.
    public mutating func word(_ content: ByteBuffer) {
        begin(content.readableBytes)
        bytes.writeImmutableBuffer(content)
        end()
    }

    /// Writes bytes.
    public mutating func word(_ content: some Collection<UInt8>) {
        begin(content.count)
        bytes.writeBytes(content)
        end()
    }

    private mutating func begin(_ length: Int) {
        header(RESPType.bulk, length)
        words += 1
    }

    private mutating func end() { bytes.writeStaticString("\r\n") }

    private mutating func header(_ type: UInt8, _ length: Int) {
        bytes.writeInteger(type)
        bytes.writeString(String(length))
        end()
    }

    // MARK: Values

    /// Writes a value in the types of RESP3.
    public mutating func value(_ value: RESPValue) {
        switch value {
        case .null: bytes.writeStaticString("_\r\n")
        case .simple(let text): line(RESPType.simple, text)
        case .error(let text):
            let isLine = !text.readableBytesView.contains { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
            if isLine { line(RESPType.error, text) } else { self.text(RESPType.bulkError, text) }
        case .integer(let number): line(RESPType.integer, ByteBuffer(string: String(number)))
        case .bulk(let text): self.text(RESPType.bulk, text)
        case .boolean(let isTrue): bytes.writeStaticString(isTrue ? "#t\r\n" : "#f\r\n")
        case .double(let number): line(RESPType.double, ByteBuffer(string: "\(number)"))
        case .bigNumber(let digits): line(RESPType.bigNumber, digits)
        case .verbatim(let format, let text):
            header(RESPType.verbatim, text.readableBytes + 4)
            bytes.writeImmutableBuffer(format)
            bytes.writeStaticString(":")
            bytes.writeImmutableBuffer(text)
            end()
        case .map(let pairs):
            header(RESPType.map, pairs.count)
            for pair in pairs {
                self.value(pair.key)
                self.value(pair.value)
            }
        case .array(let elements): aggregate(RESPType.array, elements)
        case .set(let elements): aggregate(RESPType.set, elements)
        case .push(let elements): aggregate(RESPType.push, elements)
        }
    }

    private mutating func line(_ type: UInt8, _ text: ByteBuffer) {
        bytes.writeInteger(type)
        bytes.writeImmutableBuffer(text)
        end()
    }

    private mutating func text(_ type: UInt8, _ text: ByteBuffer) {
        header(type, text.readableBytes)
        bytes.writeImmutableBuffer(text)
        end()
    }

    private mutating func aggregate(_ type: UInt8, _ elements: [RESPValue]) {
        header(type, elements.count)
        for element in elements { value(element) }
    }
}
