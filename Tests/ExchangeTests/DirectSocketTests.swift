import Exchange
import Foundation
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

struct DirectSocketTests {
    /// Counts what takes the way through the channel.
    private final class Counter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private(set) var bytes = 0

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            bytes += Self.unwrapOutboundIn(data).readableBytes
            context.write(data, promise: promise)
        }
    }

    /// A connection of the gateway, confined to its loop, and the descriptor of its other end.
    private struct Pair {
        let channel: any Channel
        let otherEnd: FileHandle

        init() async throws {
            var ends: [CInt] = [0, 0]
            let failure = unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends)
            try #require(failure == 0)
            otherEnd = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
            let group = MultiThreadedEventLoopGroup.singleton
            channel = try await ClientBootstrap(group: group).withConnectedSocket(ends[0]).get()
        }

        func onLoop<Result: Sendable>(_ body: @escaping @Sendable (any Channel) throws -> Result) async throws -> Result
        {
            try await channel.eventLoop.submit { [channel] in try body(channel) }.get()
        }

        /// The next bytes of the other end.
        func read(_ count: Int) throws -> Data {
            var read = Data()
            while read.count < count, let part = try otherEnd.read(upToCount: count - read.count) { read.append(part) }
            return read
        }
    }

    /// More than a socket's buffer takes.
    private static let large = ByteBuffer(bytes: (0..<4 << 20).map { UInt8(truncatingIfNeeded: $0 >> 8) })

    @Test func `what the system takes whole does not go through the channel`() async throws {
        let pair = try await Pair()
        let (isWritten, left, through) = try await pair.onLoop { channel in
            let counter = Counter()
            try channel.pipeline.syncOperations.addHandler(counter)
            var socket = try #require(DirectSocket(channel))
            var bytes = ByteBuffer(string: "at once")
            let isWritten = socket.write(&bytes)
            return (isWritten, bytes.readableBytes, counter.bytes)
        }
        #expect((isWritten, left, through) == (true, 0, 0))
        #expect(try pair.read(7) == Data("at once".utf8))
    }

    @Test func `nothing overtakes what waits in the channel`() async throws {
        let pair = try await Pair()
        let (areWritten, left) = try await pair.onLoop { channel in
            var socket = try #require(DirectSocket(channel))
            var large = Self.large
            var next = ByteBuffer(string: "next")
            var areWritten = [socket.write(&large)]
            let left = large.readableBytes
            channel.writeAndFlush(large, promise: nil)
            areWritten.append(socket.write(&next))
            channel.writeAndFlush(next, promise: nil)
            return (areWritten, left)
        }
        #expect(areWritten == [false, false])
        #expect(left > 0 && left < Self.large.readableBytes)
        #expect(try pair.read(Self.large.readableBytes) == Data(Self.large.readableBytesView))
        #expect(try pair.read(4) == Data("next".utf8))
    }

    @Test func `the socket is tried again once the channel holds nothing any more`() async throws {
        let pair = try await Pair()
        let areWritten = try await pair.onLoop { channel in
            var socket = try #require(DirectSocket(channel))
            socket.willGiveToChannel()
            channel.write(ByteBuffer(string: "first"), promise: nil)
            var second = ByteBuffer(string: "second")
            var areWritten = [socket.write(&second)]
            channel.writeAndFlush(second, promise: nil)
            var third = ByteBuffer(string: "third")
            areWritten.append(socket.write(&third))
            return areWritten
        }
        #expect(areWritten == [false, true])
        #expect(try pair.read(16) == Data("firstsecondthird".utf8))
    }

    @Test func `a closed connection takes nothing`() async throws {
        let pair = try await Pair()
        let (isWritten, left) = try await pair.onLoop { channel in
            var socket = try #require(DirectSocket(channel))
            channel.close(promise: nil)
            var bytes = ByteBuffer(string: "late")
            return (socket.write(&bytes), bytes.readableBytes)
        }
        #expect((isWritten, left) == (false, 4))
    }

    @Test func `a channel without a socket has none`() {
        #expect(DirectSocket(EmbeddedChannel()) == nil)
    }
}
