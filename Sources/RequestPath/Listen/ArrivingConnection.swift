import Exchange
import Model
import NIOCore
import NIOHTTP2
import NIOSSL
import NIOTLS
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A connection of which it is not yet known what it speaks: it looks at the first bytes, lets TLS begin where the listener
/// speaks it, and then makes way for the protocol.
final class ArrivingConnection: BeginningConnection {
    private var arrival = Arrival()
    /// Decrypts what comes, once a certificate has been chosen.
    private var tls: NIOSSLServerHandler?
    /// Why the client's certificate was refused.
    private var clientFault: ClientFault?

    /// - Parameter arrival: given when the connection was admitted before, for a PROXY protocol header.
    init(server: ClientServer, plan: ListenerPlan, arrival: Arrival? = nil) {
        if let arrival { self.arrival = arrival }
        self.arrival.entrance = plan.entrance
        super.init(server: server, plan: plan, isAdmitted: arrival != nil)
    }

    override func admit(_ channel: any Channel) -> Bool {
        arrival.peer = server.peerAddress(of: channel)
        return server.admit(self, from: arrival.peer)
    }

    override func readBeginning(_ context: ChannelHandlerContext) {
        if let tls = plan.tls { lookForHello(tls, context) } else { lookForProtocol(context) }
    }

    override func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            handshakeCompleted(negotiated, context)
        } else {
            super.userInboundEventTriggered(context: context, event: event)
        }
    }

    override func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if tls != nil { handshakeFailed(clientFault?.rawValue ?? HandshakeFault.reason(error)) }
        close()
    }

    override func deadlinePassed() {
        if tls != nil { handshakeFailed("timeout") }
        close()
    }

    // MARK: TLS

    /// Chooses the certificate by the client's first message, which the handshake then begins with.
    private func lookForHello(_ plan: TLSPlan, _ context: ChannelHandlerContext) {
        guard tls == nil else { return }
        if let first = received.getInteger(at: received.readerIndex, as: UInt8.self), isLetter(first) {
            refuseCleartext(context)
            return
        }
        let greeting = received
        switch ClientHelloParser.parse(greeting.readableBytesUInt8Span) {
        case .needsMore: break
        case .hello(let hello): beginHandshake(plan.context(for: hello), context)
        case .unreadable: beginHandshake(plan.context(for: nil), context)
        }
    }

    private func beginHandshake(_ certified: NIOSSLContext?, _ context: ChannelHandlerContext) {
        guard let certified else {
            close()
            return
        }
        let handler = makeHandler(certified, context)
        tls = handler
        let hello = received
        received = ByteBuffer()
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(handler, position: .before(self))
        } catch {
            close()
            return
        }
        pipeline.fireChannelRead(NIOAny(hello))
    }

    private func makeHandler(_ certified: NIOSSLContext, _ context: ChannelHandlerContext) -> NIOSSLServerHandler {
        guard let verifier = plan.tls?.verifier else { return NIOSSLServerHandler(context: certified) }
        let loop = context.eventLoop
        return NIOSSLServerHandler(context: certified) { [weak self] chain, verdict in
            // Signatures are verified elsewhere, so that clients with long chains do not hold up the others.
            loop.makeFutureWithTask { await verifier.fault(in: chain) }.assumeIsolated().whenComplete { result in
                if case .success(nil) = result {
                    verdict.succeed(.certificateVerified)
                } else {
                    self?.clientFault = (try? result.get()) ?? .unreadable
                    verdict.succeed(.failed)
                }
            }
        }
    }

    private func handshakeCompleted(_ negotiated: String?, _ context: ChannelHandlerContext) {
        guard !isOver, let tls else { return }
        do throws(ClientFault) {
            arrival.certificate = try plan.tls?.verifier?.identity(of: tls.peerCertificate)
        } catch {
            handshakeFailed(error.rawValue)
            close()
            return
        }
        server.handler.handshakeEnded(.completed(version: tls.tlsVersion == .tlsv13 ? "1.3" : "1.2"))
        arrival.isSecure = true
        acknowledge(context.channel)
        if negotiated == "h2" { becomeHTTP2(context) } else { becomeHTTP1(context) }
    }

    /// Has the system acknowledge the handshake's last bytes at once. The session tickets, which would do it, wait for the first
    /// answer, and a client that does not send small segments before an acknowledgement would wait 40 ms with its request.
    private func acknowledge(_ channel: any Channel) {
        #if os(Linux)
        try? channel.syncOptions?.setOption(.tcpOption(.init(rawValue: CInt(TCP_QUICKACK))), value: 1)
        #endif
    }

    private func handshakeFailed(_ reason: String) {
        if !isOver { server.handler.handshakeEnded(.failed(reason: reason)) }
    }

    /// HTTP without TLS, which begins with a method, gets an answer that a person can read.
    private func refuseCleartext(_ context: ChannelHandlerContext) {
        let connection = HTTP1Connection(server: server, arrival: arrival)
        received = ByteBuffer()
        makeWay(for: connection, through: [connection], context)
        connection.refuseUnread(
            Refusal(status: 400, cause: "tls.expected", message: "This port speaks HTTPS, not plain HTTP")
        )
    }

    private func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte & 0xDF) }

    // MARK: The protocol

    /// An HTTP/2 client that knows what it speaks to begins with a preface that is no request of HTTP/1.1 (RFC 9113, 3.4).
    private static let http2Preface = ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

    private func lookForProtocol(_ context: ChannelHandlerContext) {
        let length = min(received.readableBytes, Self.http2Preface.readableBytes)
        let start = received.getSlice(at: received.readerIndex, length: length)
        guard plan.listener.http2, start == Self.http2Preface.getSlice(at: 0, length: length) else {
            becomeHTTP1(context)
            return
        }
        if length == Self.http2Preface.readableBytes { becomeHTTP2(context) }
    }

    private func becomeHTTP1(_ context: ChannelHandlerContext) {
        let connection = HTTP1Connection(server: server, arrival: arrival)
        makeWay(for: connection, through: [connection], context)
    }

    private func becomeHTTP2(_ context: ChannelHandlerContext) {
        // A client that can't send can't open a window either. And NIO's handler writes as the client's end is read, which a
        // channel that outlives this end does not expect when that fails.
        try? context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
        let settings = server.settings.http2
        let transport = HTTP2Transport(
            worker: server.worker,
            limits: settings.limits,
            isSecure: arrival.isSecure
        )
        let connection = HTTP2Connection(server: server, arrival: arrival, transport: transport)
        let frames = NIOHTTP2Handler(
            mode: .server,
            frameDelegate: connection,
            connectionConfiguration: settings.connection,
            streamConfiguration: settings.stream
        )
        makeWay(for: connection, through: [transport, frames, connection], context)
    }
}
