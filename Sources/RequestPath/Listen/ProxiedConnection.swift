import Exchange
import NIOCore
import Wire

/// A connection that begins with a PROXY protocol header: reads who the client is, and makes way for what the client speaks.
///
/// Until then it counts as a connection of the process, from then on as one of its client's address.
final class ProxiedConnection: ChannelInboundHandler, RemovableChannelHandler, ClientConnection, Expiring {
    typealias InboundIn = ByteBuffer

    private let server: ClientServer
    private let plan: ListenerPlan
    private let worker: WorkerContext
    private var context: ChannelHandlerContext?
    private var deadline: Deadlines.Slot?
    private var received = ByteBuffer()
    private var isOver = false
    /// What is read from now on is the successor's.
    private var hasMadeWay = false
    var position = 0

    init(server: ClientServer, plan: ListenerPlan) {
        self.server = server
        self.plan = plan
        worker = server.worker
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        guard server.settings.mayProxy(server.peerAddress(of: context.channel)) else {
            refuse()
            return
        }
        guard server.admit(self) else {
            close()
            return
        }
        let slot = worker.deadlines.add(self)
        deadline = slot
        worker.deadlines.set(slot, at: worker.now &+ server.settings.headTimeout)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasMadeWay else {
            context.fireChannelRead(data)
            return
        }
        guard !isOver else { return }
        var part = Self.unwrapInboundIn(data)
        received.writeBuffer(&part)
        worker.readBuffers.give(part)
        readHeader(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { endEarly() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

    func channelInactive(context: ChannelHandlerContext) {
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

    /// One that brought nothing is a check whether the port is open, and no fault.
    private func endEarly() {
        if received.readableBytes > 0 { refuse() } else { close() }
    }

    private func refuse() {
        server.handler.connectionRefused(.proxyHeader)
        close()
    }

    private func close() {
        isOver = true
        context?.close(promise: nil)
    }

    // MARK: The header

    private func readHeader(_ context: ChannelHandlerContext) {
        do throws(ProxyHeaderFault) {
            let start = received
            switch try ProxyHeader.parse(start.readableBytesUInt8Span) {
            case .incomplete: break
            case .complete(let header, let length):
                received.moveReaderIndex(forwardBy: length)
                identify(header, context)
            }
        } catch {
            refuse()
        }
    }

    private func identify(_ header: ProxyHeader, _ context: ChannelHandlerContext) {
        let peer: PeerAddress
        switch header {
        case .socket: peer = server.peerAddress(of: context.channel)
        case .client(let source, _): peer = server.peerAddress(source)
        }
        guard server.count(self, from: peer) else {
            close()
            return
        }
        makeWay(for: server.firstHandler(of: plan, arrival: Arrival(peer: peer)), context)
    }

    private func makeWay(for connection: any ClientConnection & ChannelHandler, _ context: ChannelHandlerContext) {
        guard let deadline else { return }
        self.deadline = nil
        isOver = true
        hasMadeWay = true
        worker.deadlines.remove(deadline)
        let rest = received
        received = ByteBuffer()
        server.handOver(from: self, to: connection, through: [connection], received: rest, context)
    }
}
