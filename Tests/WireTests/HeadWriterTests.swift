import Exchange
import NIOCore
import Testing
import Wire

struct HeadWriterTests {
    @Test func `pieces stand in the buffer in the order in which they were written`() {
        var buffer = ByteBuffer(string: "before ")
        buffer.writeHead { out in
            out.writeStaticString("HTTP/1.1 ")
            out.writeDecimal(200)
            out.writeString(" OK")
            out.writeImmutableBuffer(ByteBuffer(string: "\r\n"))
            out.writeBytes(ByteBuffer().readableBytesSpan)
        }
        #expect(String(buffer: buffer) == "before HTTP/1.1 200 OK\r\n")
    }

    @Test(arguments: [0, 1, 7, 8, 9, 100, 5_000])
    func `a head that does not fit gets the room it needs`(length: Int) {
        var buffer = ByteBufferAllocator().buffer(capacity: 8)
        let text = String(repeating: "x", count: length)
        buffer.writeHead { out in
            out.writeString(text)
            out.writeStaticString("end")
        }
        #expect(String(buffer: buffer) == text + "end")
    }

    @Test func `a buffer that someone else refers to is left as it is for them`() {
        var buffer = ByteBuffer(string: "old")
        let other = buffer
        buffer.clear()
        buffer.writeHead { $0.writeStaticString("new") }
        #expect(String(buffer: other) == "old")
        #expect(String(buffer: buffer) == "new")
    }

    @Test(arguments: [0, 9, 10, 12_345, UInt.max])
    func `numbers are written in decimal digits`(value: UInt) {
        var buffer = ByteBuffer()
        buffer.writeHead { $0.writeDecimal(value) }
        #expect(String(buffer: buffer) == "\(value)")
    }
}
