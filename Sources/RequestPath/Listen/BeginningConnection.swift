import Exchange
import NIOCore

/// A connection whose first bytes tell what serves it: it waits for them a while, and then makes way.
///
/// It is admitted, counted and given a deadline like every other connection, so that one that never gets beyond its first
/// bytes costs no more than a request head that never ends. What the bytes say is the affair of the subclasses.
class BeginningConnection: ChannelInboundHandler, RemovableChannelHandler, ClientConnection, Expiring {
    typealias InboundIn = ByteBuffer

    let server: ClientServer
    let plan: ListenerPlan
    /// What has come, and was not understood yet.
    var received = ByteBuffer()
    /// Whether nothing that comes is looked at any more.
    private(set) var isOver = false
    var position = 0
    private let worker: WorkerContext
    private let isAdmitted: Bool
    private var context: ChannelHandlerContext?
    private var deadline: Deadlines.Slot?
    /// What is read from now on is the successor's.
    private var hasMadeWay = false

    /// - Parameter isAdmitted: whether the server has admitted the connection before.
    init(server: ClientServer, plan: ListenerPlan, isAdmitted: Bool = false) {
        self.server = server
        self.plan = plan
        self.isAdmitted = isAdmitted
        worker = server.worker
    }

    // MARK: What subclasses do in their own way

    /// Has the server take the connection in.
    /// - Returns: whether it did.
    func admit(_ channel: any Channel) -> Bool { server.admit(self) }

    /// Looks at what has come.
    func readBeginning(_ context: ChannelHandlerContext) {}

    /// The client brings no more, or has had its time.
    func endEarly() { close() }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if isAdmitted { waitForFirstBytes() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if admit(context.channel) { waitForFirstBytes() } else { close() }
    }

    private func waitForFirstBytes() {
        let slot = worker.deadlines.add(self)
        deadline = slot
        let time = server.isDraining ? HTTP1Connection.drainGrace : server.settings.headTimeout
        worker.deadlines.set(slot, at: worker.now &+ time)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasMadeWay else {
            context.fireChannelRead(data)
            return
        }
        guard !isOver else { return }
        var part = BeginningConnection.unwrapInboundIn(data)
        received.writeBuffer(&part)
        worker.readBuffers.give(part)
        readBeginning(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { endEarly() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

    func channelInactive(context: ChannelHandlerContext) {
        // The successor's first write may be what finds the connection gone.
        if hasMadeWay { context.fireChannelInactive() }
        guard let deadline else { return }
        self.deadline = nil
        isOver = true
        worker.deadlines.remove(deadline)
        server.dismiss(self)
    }

    // MARK: The server's and the clock's

    func deadlinePassed() { endEarly() }

    func drain() {
        if let deadline { worker.deadlines.set(deadline, at: worker.now &+ HTTP1Connection.drainGrace) }
    }

    func abort(_ cause: Cause) { close() }

    // MARK: Ends

    func close() {
        isOver = true
        context?.close(promise: nil)
    }

    /// Lets another one serve the connection, beginning with what was received and is left.
    func makeWay(
        for connection: any ClientConnection,
        through handlers: [any ChannelHandler],
        _ context: ChannelHandlerContext
    ) {
        guard let deadline else { return }
        self.deadline = nil
        isOver = true
        hasMadeWay = true
        worker.deadlines.remove(deadline)
        let rest = received
        received = ByteBuffer()
        server.handOver(from: self, to: connection, through: handlers, received: rest, context)
    }
}
