import NIOCore
import Testing
import Wire

/// Where frames end, told from bytes as they come.
@Suite struct WebSocketFramesTests {
    private static let mask: [UInt8] = [1, 2, 3, 4]
    private static let long = [UInt8](repeating: 0x81, count: 300)

    /// Frames of a client, each one whole.
    private static let clients: [[UInt8]] = [
        [0x81, 0x80] + mask,
        [0x81, 0x85] + mask + Array("hello".utf8),
        [0x02, 0xFE, 0x01, 0x2C] + mask + long,
        [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0x01, 0x2C] + mask + long,
        [0xC1, 0x81] + mask + [0x88],
        [0x89, 0x82] + mask + [1, 2],
        [0x88, 0x82] + mask + [3, 0xE8],
    ]
    /// The same of a server.
    private static let servers: [[UInt8]] = [
        [0x81, 0x00],
        [0x81, 0x05] + Array("hello".utf8),
        [0x02, 0x7E, 0x01, 0x2C] + long,
        [0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0x01, 0x2C] + long,
        [0x8A, 0x00],
        [0x88, 0x00],
    ]
    private static let all = clients.map { (WebSocketFrames.Sender.client, $0) } + servers.map { (.server, $0) }

    @Test(arguments: all)
    func `a frame ends with its last byte, wherever it is cut`(sender: WebSocketFrames.Sender, frame: [UInt8]) {
        for cut in 1..<frame.count {
            var frames = WebSocketFrames(from: sender)
            frames.read(frame[..<cut].span)
            #expect(!frames.isBetweenFrames && !frames.hasClosed, "cut at \(cut)")
            #expect(frames.readFrame((frame[cut...] + [0x81]).span, from: 0) == frame.count - cut, "cut at \(cut)")
            #expect(frames.isBetweenFrames && !frames.isLost, "cut at \(cut)")
            #expect(frames.hasClosed == (frame[0] == 0x88), "cut at \(cut)")
        }
    }

    @Test func `a control frame between the pieces of a message is a frame like any other`() {
        var frames = WebSocketFrames(from: .server)
        frames.read(([0x01, 0x01, 0x61] as [UInt8]).span)
        #expect(frames.isBetweenFrames)
        frames.read(([0x89, 0x00, 0x80, 0x01] as [UInt8]).span)
        #expect(!frames.isBetweenFrames)
        frames.read(([0x62] as [UInt8]).span)
        #expect(frames.isBetweenFrames)
    }

    @Test(arguments: [
        (WebSocketFrames.Sender.client, [0x81, 0x01]),
        (.server, [0x81, 0x81]),
        (.server, [0x09, 0x00]),
        (.server, [0x89, 0x7E]),
        (.server, [0x82, 0x7F, 0x80]),
    ] as [(WebSocketFrames.Sender, [UInt8])])
    func `after what no receiver accepts nothing is known any more`(sender: WebSocketFrames.Sender, bytes: [UInt8]) {
        var frames = WebSocketFrames(from: sender)
        frames.read(bytes.span)
        #expect(frames.isLost)
        frames.read([UInt8](repeating: 0, count: 1_000).span)
        #expect(frames.isLost && !frames.isBetweenFrames && !frames.hasClosed)
    }

    @Test func `a close frame of the gateway is a frame that closes`() {
        var client = WebSocketFrames(from: .client)
        client.read(ByteBuffer.webSocketClose(code: 1_001, mask: 0xA1B2_C3D4).readableBytesUInt8Span)
        #expect(client.hasClosed)
        let unmasked = ByteBuffer.webSocketClose(code: 1_001, mask: nil)
        #expect(Array(buffer: unmasked) == [0x88, 0x02, 0x03, 0xE9])
        let masked = Array(buffer: ByteBuffer.webSocketClose(code: 1_001, mask: 0xA1B2_C3D4))
        #expect(masked == [0x88, 0x82, 0xA1, 0xB2, 0xC3, 0xD4, 0x03 ^ 0xA1, 0xE9 ^ 0xB2])
    }
}
