import Exchange
import NIOCore
import Testing

struct BufferPoolTests {
    private let buffers = BufferPool(capacity: 4_096, limit: 4)

    @Test func `a buffer given back is lent again`() {
        var buffer = buffers.take()
        buffer.writeString("first")
        let memory = address(of: buffer)
        buffers.give(buffer)
        buffer = ByteBuffer()
        buffer = buffers.take()
        #expect(buffer.readableBytes == 0)
        buffer.writeString("again")
        #expect(address(of: buffer) == memory)
    }

    @Test func `bytes that someone still refers to are not overwritten`() {
        var buffer = buffers.take()
        buffer.writeString("part")
        let part = buffer
        buffers.give(buffer)
        buffer = ByteBuffer()
        var other = buffers.take()
        other.writeString("next")
        #expect(String(buffer: part) == "part")
    }

    @Test func `a buffer that was not needed for a while is let go of`() {
        var buffer = buffers.take()
        buffers.give(buffer)
        buffers.letGoOfSpares()
        #expect(buffer.modifyIfUniquelyOwned { $0.clear() } == nil, "it was just given")
        buffers.letGoOfSpares()
        #expect(buffer.modifyIfUniquelyOwned { $0.clear() } != nil)
    }

    @Test func `a buffer that has grown much larger is not kept`() {
        var buffer = buffers.take()
        buffer.writeRepeatingByte(0, count: 65_536)
        buffers.give(buffer)
        #expect(buffer.modifyIfUniquelyOwned { $0.clear() } != nil)
    }

    private func address(of buffer: ByteBuffer) -> UInt {
        unsafe buffer.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
    }
}
