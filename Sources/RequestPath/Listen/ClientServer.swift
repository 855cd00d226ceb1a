public import Exchange
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

    private var sockets: [(address: String, port: Int, channel: any Channel)] = []
    private var connections: ContiguousArray<HTTP1Connection> = []
    private let openInAllWorkers: ConnectionCount
    /// What may still bring connections although the sockets are closed.
    private var arriving = 0
    private var whenEmpty: EventLoopPromise<Void>?

    // Shared by the connections, so that none of them holds its own.
    var head = RequestHead()
    let date = HTTPDate()
    let continueResponse = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
    let lineEnd = ByteBuffer(string: "\r\n")

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

    /// Starts to accept on a numeric address.
    /// - Returns: the bound address (of interest when the port is 0).
    public func listen(address: String, port: Int) -> EventLoopFuture<SocketAddress?> {
        let server = NIOLoopBound(self, eventLoop: worker.eventLoop)
        return Self.bootstrap(server, loop: worker.eventLoop)
            .bind(host: address, port: port)
            .map { channel in
                server.value.sockets.append((address, port, channel))
                return channel.localAddress
            }
    }

    /// Stops to accept on an address that `listen` was given; open connections go on.
    public func stopListening(address: String, port: Int) {
        for socket in sockets where socket.address == address && socket.port == port { close(socket.channel) }
        sockets.removeAll { $0.address == address && $0.port == port }
    }

    /// Closes a socket after taking in what the system has accepted for it. A second descriptor outlives the channel, so that
    /// nothing but one system call lies between the last `accept` and the end.
    private func close(_ socket: any Channel) {
        let last = try? socket.pipeline.syncOperations
            .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { dup($0) }
        socket.close(promise: nil)
        if let last, last >= 0 { takeIn(takeQueueAndClose(last)) }
    }

    private static func bootstrap(_ server: NIOLoopBound<ClientServer>, loop: any EventLoop) -> ServerBootstrap {
        ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: receiveAllocator(server))
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HTTP1Connection(server: server.value))
                }
            }
    }

    private static func receiveAllocator(_ server: NIOLoopBound<ClientServer>) -> ReceiveAllocator {
        ReceiveAllocator(NIOLoopBound(server.value.worker.readBuffers, eventLoop: server.value.worker.eventLoop))
    }

    private func takeIn(_ accepted: [NIOBSDSocket.Handle]) {
        let server = NIOLoopBound(self, eventLoop: worker.eventLoop)
        let bootstrap = ClientBootstrap(group: worker.eventLoop)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: Self.receiveAllocator(server))
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HTTP1Connection(server: server.value))
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

    /// Takes a new connection in, unless there are too many.
    func admit(_ connection: HTTP1Connection) -> Bool {
        guard openInAllWorkers.add(limit: settings.connections) else { return false }
        connection.position = connections.count
        connections.append(connection)
        handler.connectionOpened()
        return true
    }

    func dismiss(_ connection: HTTP1Connection) {
        openInAllWorkers.remove()
        handler.connectionClosed()
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.position] = last
            last.position = connection.position
        }
        endDrainIfEmpty()
    }

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
        for socket in sockets { close(socket.channel) }
        sockets = []
        for connection in connections where connection.phase == .idle {
            connection.setDeadline(HTTP1Connection.drainGrace)
        }
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
        for connection in connections.reversed() { connection.abort("gateway.stopping") }
    }
}

/// Accepts what waits at a listening descriptor, and closes it. When another process listens on the port, too, only a client
/// that comes in between is turned away.
private func takeQueueAndClose(_ descriptor: NIOBSDSocket.Handle) -> [NIOBSDSocket.Handle] {
    var accepted: [NIOBSDSocket.Handle] = []
    while case let connection = accept(descriptor, nil, nil), connection >= 0 { accepted.append(connection) }
    _ = close(descriptor)
    return accepted
}
