public import Exchange
public import Model
public import NIOCore
import NIOPosix
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One worker's listening sockets and the client connections that it accepted.
///
/// Each worker binds its own socket to the same port (SO_REUSEPORT), so that the system spreads connections and a connection
/// lives on one loop from accept to close. Confined to the worker's loop but for `listen`.
public final class ClientServer {
    /// The worker that serves these connections.
    public let worker: WorkerContext
    /// What routes and logs the calls.
    public let handler: any ExchangeHandler
    /// What connections go by; a reload replaces it, and open connections follow with their next request.
    public var settings: ClientSettings
    /// Set when the worker stops: every answer closes its connection.
    public private(set) var isDraining = false

    private var sockets: [ListeningSocket] = []
    private var connections: ContiguousArray<Member> = []
    private let openInAllWorkers: ConnectionCount
    /// What may still bring connections although the sockets are closed.
    private var arriving = 0
    private var whenEmpty: EventLoopPromise<Void>?

    /// A connection, and what it counts as a connection of.
    private struct Member {
        var connection: any ClientConnection
        var block: AddressBlock?
    }
    let http2Streams = HTTP2StreamPool()

    // Shared by the connections, so that none of them holds its own.
    var head = RequestHead()
    let date = HTTPDate()

    /// Makes a server without sockets.
    /// - Parameter openInAllWorkers: shared by the workers, since the limit of connections is one of the process.
    public init(
        worker: WorkerContext,
        handler: any ExchangeHandler,
        settings: ClientSettings,
        openInAllWorkers: ConnectionCount = ConnectionCount()
    ) {
        self.worker = worker
        self.handler = handler
        self.settings = settings
        self.openInAllWorkers = openInAllWorkers
    }

    /// Open client connections.
    public var connectionCount: Int { connections.count }

    // MARK: Sockets

    /// Starts to accept on a listener's numeric address.
    /// - Parameter port: the one to bind in place of the listener's, when another worker has been given it for 0.
    /// - Returns: the bound address (of interest when the port is 0).
    public func listen(_ plan: ListenerPlan, port: Int) -> EventLoopFuture<SocketAddress?> {
        let socket = ListeningSocket(plan)
        let bound = NIOLoopBound((self, socket), eventLoop: worker.eventLoop)
        return Self.bootstrap(bound, loop: worker.eventLoop)
            .bind(host: plan.listener.address, port: port)
            .map { channel in
                let (server, socket) = bound.value
                socket.channel = channel
                server.sockets.append(socket)
                return channel.localAddress
            }
    }

    /// Has connections that are accepted from now on served by new plans of the listeners that are open.
    public func apply(_ plans: [ListenerPlan]) {
        for plan in plans {
            for socket in sockets where socket.plan.listener.socket == plan.listener.socket { socket.plan = plan }
        }
    }

    /// The inodes of the open sockets.
    public var listeningInodes: [UInt64] { sockets.compactMap(\.inode) }

    /// Leaves who connects from now on to another process that listens on the same ports; what has begun to connect is accepted.
    public func refuseHandshakes() {
        for socket in sockets { socket.refuseHandshakes() }
    }

    /// Stops to accept on a socket that `listen` has opened; open connections go on.
    public func stopListening(on name: Listener.Socket) {
        for socket in sockets where socket.plan.listener.socket == name { takeIn(socket.end(), from: socket) }
        sockets.removeAll { $0.plan.listener.socket == name }
    }

    private static func bootstrap(
        _ bound: NIOLoopBound<(ClientServer, ListeningSocket)>,
        loop: any EventLoop
    ) -> ServerBootstrap {
        ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let server = bound.value.0
                    let limit = AcceptLimit(worker: server.worker, handler: server.handler)
                    try channel.pipeline.syncOperations.addHandler(limit)
                }
            }
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: bound.value.0.receiveAllocator)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (server, socket) = bound.value
                    try server.addHandler(to: channel, of: socket.plan)
                }
            }
    }

    private var receiveAllocator: ReceiveAllocator {
        ReceiveAllocator(NIOLoopBound(worker.readBuffers, eventLoop: worker.eventLoop))
    }

    /// A new connection's first handler.
    private func addHandler(to channel: any Channel, of plan: ListenerPlan) throws {
        let pipeline = channel.pipeline.syncOperations
        if plan.listener.proxyProtocol {
            try pipeline.addHandler(ProxiedConnection(server: self, plan: plan))
        } else {
            try pipeline.addHandler(firstHandler(of: plan, arrival: nil))
        }
    }

    /// What serves a connection from the client's own first byte on.
    /// - Parameter arrival: given when the connection was admitted before.
    func firstHandler(of plan: ListenerPlan, arrival: Arrival?) -> any ClientConnection & ChannelHandler {
        if plan.isPlainHTTP1 { return HTTP1Connection(server: self, arrival: arrival) }
        return ArrivingConnection(server: self, plan: plan, arrival: arrival)
    }

    private func takeIn(_ accepted: [NIOBSDSocket.Handle], from socket: ListeningSocket) {
        let bound = NIOLoopBound((self, socket), eventLoop: worker.eventLoop)
        let bootstrap = ClientBootstrap(group: worker.eventLoop)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: receiveAllocator)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (server, socket) = bound.value
                    try server.addHandler(to: channel, of: socket.plan)
                }
            }
        for connection in accepted {
            arriving += 1
            bootstrap.withConnectedSocket(connection).assumeIsolated().whenComplete { [self] _ in
                arriving -= 1
                endDrainIfEmpty()
            }
        }
    }

    // MARK: Connections

    /// Takes a new connection in, unless there are too many of all clients or of this one.
    func admit(_ connection: any ClientConnection, from peer: borrowing PeerAddress) -> Bool {
        guard admit(connection) else { return false }
        if count(connection, from: peer) { return true }
        dismiss(connection)
        return false
    }

    /// Takes a new connection in, unless there are too many. Whose it is will be told by `count`.
    func admit(_ connection: any ClientConnection) -> Bool {
        guard openInAllWorkers.add(limit: settings.connectionLimit) else {
            handler.connectionRefused(.connections)
            return false
        }
        connection.position = connections.count
        connections.append(Member(connection: connection))
        handler.connectionOpened()
        return true
    }

    /// Counts an admitted connection for its client's address, unless that has too many. A trusted proxy may have any number: it
    /// speaks for many clients.
    func count(_ connection: any ClientConnection, from peer: borrowing PeerAddress) -> Bool {
        guard let block = AddressBlock(peer) else { return true }
        let limit = peer.isTrusted ? .max : settings.connectionsPerAddress
        guard openInAllWorkers.add(from: block, limit: limit) else {
            handler.connectionRefused(.address)
            return false
        }
        connections[connection.position].block = block
        return true
    }

    /// Lets the handlers of what a connection speaks next take the place of the one that has read its first bytes, in the pipeline and
    /// here, and gives them what it has read. The connection stays the one that was counted.
    func handOver(
        from former: some ClientConnection & RemovableChannelHandler,
        to successor: any ClientConnection,
        through handlers: [any ChannelHandler],
        received: ByteBuffer,
        _ context: ChannelHandlerContext
    ) {
        successor.position = former.position
        connections[former.position].connection = successor
        let pipeline = context.pipeline.syncOperations
        do {
            var previous: any ChannelHandler = former
            for handler in handlers {
                try pipeline.addHandler(handler, position: .after(previous))
                previous = handler
            }
        } catch {
            successor.abort("gateway.stopping")
            return
        }
        if received.readableBytes > 0, context.channel.isActive { context.fireChannelRead(NIOAny(received)) }
        pipeline.removeHandler(former, promise: nil)
    }

    func dismiss(_ connection: any ClientConnection) {
        openInAllWorkers.remove()
        if let block = connections[connection.position].block { openInAllWorkers.remove(from: block) }
        handler.connectionClosed()
        let last = connections.removeLast()
        if last.connection !== connection {
            connections[connection.position] = last
            last.connection.position = connection.position
        }
        endDrainIfEmpty()
    }

    /// The other end of a channel, and whether it is believed.
    func peerAddress(of channel: any Channel) -> PeerAddress { peerAddress(channel.remoteAddress) }

    /// An address as the rest of the gateway knows it, and whether it is believed.
    func peerAddress(_ address: SocketAddress?) -> PeerAddress {
        var text = address?.ipAddress ?? ""
        // What an IPv4 client is called by a socket that takes both families; it is told and trusted by its own address.
        if text.hasPrefix("::ffff:"), text.contains(".") { text.removeFirst("::ffff:".count) }
        let bytes = IPAddress(text)?.bytes ?? []
        var peer = PeerAddress(text: text.utf8.span, bytes: bytes.span)
        peer.isTrusted = settings.trusts(peer)
        return peer
    }

    /// An exchange for a call that a client has begun.
    func makeExchange(for client: any ClientStream, _ arrival: borrowing Arrival) -> Exchange {
        let exchange = worker.takeExchange()
        exchange.record.receivedAt = worker.now
        exchange.take(arrival)
        exchange.requestID = RequestID(using: &worker.random)
        exchange.client = client
        exchange.handler = handler
        return exchange
    }

    /// Routes a call, unless its listener answers by itself.
    func begin(_ exchange: Exchange, through entrance: Entrance?) {
        if let entrance, entrance.answers(exchange) { return }
        handler.begin(exchange)
    }

    /// Ends a call whose answer was given, or which is given up for a cause.
    func end(_ exchange: Exchange, cause: Cause?, at now: UInt64) {
        if let cause, exchange.record.cause == nil { exchange.record.cause = cause }
        if exchange.record.status == 0 { exchange.record.status = 499 }
        exchange.record.endedAt = now
        exchange.integration?.cancel()
        exchange.integration = nil
        handler.end(exchange)
    }

    /// Lets go of what was kept for a next use, and not needed since the last time.
    public func letGoOfSpares() { http2Streams.letGoOfSpares() }

    func parse(_ buffer: ByteBuffer, scanned: Int) throws(WireFault) -> RequestParser.Progress {
        try settings.parser.parse(buffer, scanned: scanned, into: &head)
    }

    // MARK: Stopping

    /// Stops accepting, lets calls finish, and closes connections that bring no further one within a second.
    /// - Returns: succeeds when the last connection is closed; `closeAll` brings that about.
    public func drain() -> EventLoopFuture<Void> {
        let promise = whenEmpty ?? worker.eventLoop.makePromise()
        whenEmpty = promise
        isDraining = true
        for socket in sockets { takeIn(socket.end(), from: socket) }
        sockets = []
        for member in connections { member.connection.drain() }
        // What the sockets accepted last is admitted only in the loop's next round.
        arriving += 1
        worker.eventLoop.assumeIsolated().execute { [self] in
            arriving -= 1
            endDrainIfEmpty()
        }
        return promise.futureResult
    }

    private func endDrainIfEmpty() {
        if isDraining, connections.isEmpty, arriving == 0 { whenEmpty?.succeed() }
    }

    /// Closes every connection, whatever it is doing.
    public func closeAll() {
        for member in connections.reversed() { member.connection.abort("gateway.stopping") }
    }
}
