import Exchange
import NIOCore
import Testing

struct ReadBuffersTests {
    @Test func `a buffer given back is lent again`() {
        let buffers = ReadBuffers()
        var buffer = buffers.take()
        buffer.writeString("read")
        let memory = address(of: buffer)
        buffers.give(buffer)
        buffer = ByteBuffer()
        buffer = buffers.take()
        #expect(buffer.readableBytes == 0)
        buffer.writeString("again")
        #expect(address(of: buffer) == memory)
    }

    @Test func `bytes that someone still refers to are not overwritten`() {
        let buffers = ReadBuffers()
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
        let buffers = ReadBuffers()
        var buffer = buffers.take()
        buffers.give(buffer)
        buffers.letGoOfSpares()
        #expect(buffer.modifyIfUniquelyOwned { $0.clear() } == nil, "it was just given")
        buffers.letGoOfSpares()
        #expect(buffer.modifyIfUniquelyOwned { $0.clear() } != nil)
    }

    private func address(of buffer: ByteBuffer) -> UInt {
        unsafe buffer.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
    }
}
