import Exchange
import Model
import NIOCore
import NIOEmbedded

@testable import Listen

/// A server on an embedded loop whose calls are answered by the test, and which notes those that are over.
final class ScriptedServer: ExchangeHandler {
    let loop = EmbeddedEventLoop()
    let worker: WorkerContext
    private(set) var open: [Exchange] = []
    private(set) var ended: [(record: ExchangeRecord, client: String)] = []
    private(set) var refused: [ConnectionRefusal] = []
    private var server: ClientServer?
    /// What is called for each call; it is left open without one.
    var answer: ((Exchange) -> Void)?

    init(limits: Limits = Limits(), trustedProxies: [AddressRange] = []) {
        worker = WorkerContext(eventLoop: loop, seed: 1)
        let settings = ClientSettings(limits: limits, trustedProxies: trustedProxies, names: worker.fieldNames)
        server = ClientServer(worker: worker, handler: self, settings: settings)
    }

    /// - Parameters:
    ///   - isProxied: whether the connection begins with a PROXY protocol header.
    ///   - speaksHTTP2: whether it may be one of HTTP/2.
    func connect(
        from address: String = "192.0.2.7",
        proxied isProxied: Bool = false,
        http2 speaksHTTP2: Bool = false
    ) throws -> EmbeddedChannel {
        guard let server else { throw ChannelError.alreadyClosed }
        let channel = EmbeddedChannel(loop: loop)
        let peer = try SocketAddress(ipAddress: address, port: 4_000)
        channel.remoteAddress = peer
        let pipeline = channel.pipeline.syncOperations
        if isProxied {
            let plan = try ListenerPlan(Listener(port: 0, proxyProtocol: true))
            try pipeline.addHandler(ProxiedConnection(server: server, plan: plan))
        } else if speaksHTTP2 {
            let plan = try ListenerPlan(Listener(port: 0, http2: true))
            try pipeline.addHandler(ArrivingConnection(server: server, plan: plan))
        } else {
            try pipeline.addHandler(HTTP1Connection(server: server))
        }
        try channel.connect(to: peer).wait()
        return channel
    }

    func drain() -> EventLoopFuture<Void> { server?.drain() ?? loop.makeSucceededVoidFuture() }

    var connectionCount: Int { server?.connectionCount ?? 0 }

    // MARK: ExchangeHandler

    func tunnelOpened(_ exchange: Exchange) {}

    func tunnelClosed() {}

    func begin(_ exchange: Exchange) {
        open.append(exchange)
        answer?(exchange)
    }

    func resume(_ exchange: Exchange, with verdict: Verdict) {}

    func connectionOpened() {}

    func connectionClosed() {}

    func handshakeEnded(_ result: HandshakeResult) {}

    func connectionRefused(_ reason: ConnectionRefusal) { refused.append(reason) }

    func end(_ exchange: Exchange) {
        open.removeAll { $0 === exchange }
        ended.append((exchange.record, exchange.clientAddress.description))
        worker.give(exchange)
    }
}

extension EmbeddedChannel {
    /// Everything that was written to the client and not read by the test.
    func sent() throws -> String {
        embeddedEventLoop.run()
        var text = ""
        while let part = try readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        return text
    }

    /// Changes whether the client takes more, and tells the handlers.
    func setWritable(_ isWritable: Bool) {
        self.isWritable = isWritable
        pipeline.fireChannelWritabilityChanged()
        embeddedEventLoop.run()
    }
}
