import Exchange
import Model
import NIOCore
import NIOHTTP2

/// Stands between the socket, or TLS, and NIO's HTTP/2 handler: gathers the frames that are written until the flush into one write, and
/// gives the worker back what its reads were read into.
///
/// It is also where the connection says what NIO's handler would not: how many streams the client may open, and the first of
/// two GOAWAYs.
final class HTTP2Transport: ChannelDuplexHandler, Expiring {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = ByteBuffer

    private static let copiedAtMost = 4_096
    /// What a client may still send when the connection is over, before it has read that it is: more than systems keep for a
    /// connection by default, and little for one that floods and never reads.
    private static let mostDiscarded = 1 << 20

    private let worker: WorkerContext
    private let limits: HTTP2Limits
    /// Whether reads come from the socket, and not out of a buffer of the TLS handler's.
    private let isCleartext: Bool
    private var context: ChannelHandlerContext?
    private var gathered: ByteBuffer?
    private var hasSentSettings = false
    private var frames: FrameWatch
    private var deadline: Deadlines.Slot?
    /// Told when a head does not come to its end.
    weak var connection: HTTP2Connection?
    /// Bytes that were written.
    private(set) var sent = 0
    /// Whether nothing that still comes is looked at, since the connection is over.
    var isDeaf = false
    /// Bytes that came since then.
    private var discarded = 0

    init(worker: WorkerContext, limits: HTTP2Limits, isSecure: Bool) {
        self.worker = worker
        self.limits = limits
        isCleartext = !isSecure
        frames = FrameWatch(at: worker.now)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = Self.unwrapInboundIn(data)
        if isDeaf {
            discarded += part.readableBytes
            if discarded > Self.mostDiscarded { connection?.close() }
        } else {
            frames.pass(part.readableBytesUInt8Span)
            if isFlooded() {
                connection?.sendGoAway(.enhanceYourCalm)
            } else {
                context.fireChannelRead(Self.wrapInboundOut(part))
                if frames.isInBlock != (deadline != nil) { setDeadline() }
            }
        }
        if isCleartext { worker.readBuffers.give(part) }
    }

    /// Whether too many frames came in a while.
    private func isFlooded() -> Bool {
        frames.resets.exceeds(limits.resets, at: worker.now)
            || frames.controlFrames.exceeds(limits.controlFrames, at: worker.now)
    }

    /// Nothing is told of a HEADERS frame before its fields are complete, so that it is waited for here.
    private func setDeadline() {
        if let deadline {
            worker.deadlines.remove(deadline)
            self.deadline = nil
        } else if let connection, !isDeaf {
            let slot = worker.deadlines.add(self)
            deadline = slot
            worker.deadlines.set(slot, at: worker.now &+ connection.server.settings.headTimeout)
        }
    }

    func deadlinePassed() { connection?.sendGoAway(.enhanceYourCalm) }

    func channelInactive(context: ChannelHandlerContext) {
        if let deadline { worker.deadlines.remove(deadline) }
        deadline = nil
        // It may be closed in the middle of a read, after which a head would be waited for.
        isDeaf = true
        context.fireChannelInactive()
    }

    // MARK: To the client

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .byteBuffer(let part) = Self.unwrapOutboundIn(data) else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        sent += part.readableBytes
        if !hasSentSettings {
            hasSentSettings = true
            gather(Self.settings(part, streams: limits.streams), context)
        } else if part.readableBytes <= Self.copiedAtMost {
            gather(part, context)
        } else {
            writeGathered(context)
            context.write(Self.wrapOutboundOut(part), promise: promise)
            return
        }
        // Nobody in this pipeline asks when a single frame has left: what is asked for is told by the frames' own accounts.
        promise?.succeed()
    }

    func flush(context: ChannelHandlerContext) {
        writeGathered(context)
        context.flush()
    }

    /// Says that the connection will end, while streams may still be opened (RFC 9113, 6.8). NIO's handler, which would refuse
    /// those, does not know of it.
    func announceEnd() {
        guard let context else { return }
        gather(ByteBuffer(bytes: [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]), context)
        flush(context: context)
    }

    private func gather(_ part: ByteBuffer, _ context: ChannelHandlerContext) {
        if let room = gathered?.writableBytes, room < part.readableBytes { writeGathered(context) }
        if gathered == nil { gathered = worker.readBuffers.take() }
        gathered?.writeImmutableBuffer(part)
    }

    private func writeGathered(_ context: ChannelHandlerContext) {
        guard let bytes = gathered else { return }
        gathered = nil
        context.write(Self.wrapOutboundOut(bytes), promise: nil)
        worker.readBuffers.give(bytes)
    }

    /// NIO's SETTINGS with the number of streams that the client is told of (SETTINGS_MAX_CONCURRENT_STREAMS, 3) in place of the one
    /// that NIO goes by.
    private static func settings(_ frame: ByteBuffer, streams: Int) -> ByteBuffer {
        var frame = frame
        var index = frame.readerIndex + 9
        while let name = frame.getInteger(at: index, as: UInt16.self) {
            if name == 3 { frame.setInteger(UInt32(streams), at: index + 2) }
            index += 6
        }
        return frame
    }
}
