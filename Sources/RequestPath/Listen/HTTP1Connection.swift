import Exchange
import Model
import NIOCore
import NIOSSL
import Wire

/// A client's HTTP/1.1 connection: turns bytes into calls, one after the other, and writes their answers.
///
/// This file says what happens to it, `HTTP1Connection+Reading.swift` reads, `HTTP1Connection+Response.swift` writes. While a
/// call is in flight its successor's bytes wait in `unread`.
final class HTTP1Connection: ChannelInboundHandler, ClientConnection, HeldBack, Expiring {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the connection is doing, which decides what a passed deadline means.
    enum Phase {
        /// Waits for the first byte of a request.
        case idle
        /// Waits for the rest of a head.
        case head
        /// A call is in flight.
        case call
        /// The call is over, but its request's body has yet to be read past.
        case discarding
        /// The last answer was given: what the client still sends is thrown away until its FIN.
        case lingering
        case closed
    }

    static let mostDiscarded = 262_144
    static let lingerTime: UInt64 = 2_000_000_000
    /// What a connection without a call gets to bring one while the gateway drains: its client may just be sending it.
    static let drainGrace: UInt64 = 1_000_000_000

    let server: ClientServer
    let worker: WorkerContext
    var context: ChannelHandlerContext?
    var phase = Phase.idle
    /// Who the client is.
    private(set) var arrival: Arrival
    /// Whether that was known, and the connection admitted, before it was known to speak HTTP/1.1.
    private let isAdmitted: Bool
    /// The place in the server's list of connections.
    var position = 0
    private var deadline: Deadlines.Slot?

    // Reading
    var unread: ByteBuffer?
    var scanned = 0
    var body = BodyDecoder(.none)
    var isRequestOver = true
    var isBodyWanted = false
    var discarded = 0
    var isReadPaused = false
    var isAdvancing = false
    private(set) var hasInputEnded = false
    var requestPace = RequestPace()
    var served = 0

    // The call in flight and its answer
    var exchange: Exchange?
    var hasResponseStarted = false
    var isResponseChunked = false
    var closesAfterResponse = false
    var isOutputClosed = false
    /// What was put together of answers, and not yet written.
    var outgoing = ByteBuffer()
    /// Where it is written at once; not with TLS.
    var socket: DirectSocket?
    var isFlushScheduled = false
    var isWritable = true
    var responsePace = ResponsePace()
    /// Whether the call became a WebSocket connection; no request follows it.
    var isTunnel = false

    /// - Parameter arrival: given when the connection was admitted before it was known to speak HTTP/1.1.
    init(server: ClientServer, arrival: Arrival? = nil) {
        self.server = server
        self.arrival = arrival ?? Arrival()
        isAdmitted = arrival != nil
        worker = server.worker
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if !arrival.isSecure { socket = DirectSocket(context.channel) }
        if isAdmitted { waitForFirstRequest() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        socket = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        arrival.peer = server.peerAddress(of: context.channel)
        guard server.admit(self, from: arrival.peer) else {
            phase = .closed
            context.close(promise: nil)
            return
        }
        waitForFirstRequest()
    }

    private func waitForFirstRequest() {
        deadline = worker.deadlines.add(self)
        setDeadline(server.isDraining ? Self.drainGrace : server.settings.headTimeout)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .lingering, phase != .closed else { return }
        append(Self.unwrapInboundIn(data))
        advance()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        guard phase == .call else {
            // Not at once: this may be inside of a write, whose bytes would be written again.
            if isWritable, phase != .closed { context.eventLoop.assumeIsolated().execute { self.advance() } }
            return
        }
        if isWritable {
            responsePace.reset()
            clearDeadline()
            if let exchange, isBodyWanted, !isRequestOver { expectBody(of: exchange, at: worker.now) }
        } else if !isTunnel {
            setDeadline(server.settings.rates.grace)
        }
        exchange?.integration?.setClientWritable(isWritable)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        hasInputEnded = true
        switch phase {
        case .idle, .head, .call: advance()
        case .discarding: finishOutput()
        case .lingering: if isOutputClosed { close() }
        case .closed: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Many clients close without saying so in TLS; that they did close comes as an event, too.
        if let error = error as? NIOSSLError, error == .uncleanShutdown { return }
        close()
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        endCall(cause: "client.closed", at: worker.now)
        giveUnreadBack()
        worker.writeBuffers.takeBack(from: &outgoing)
        guard let deadline else { return }
        worker.deadlines.remove(deadline)
        self.deadline = nil
        server.dismiss(self)
    }

    func deadlinePassed() {
        switch phase {
        case .discarding, .closed: close()
        case .idle, .lingering: if isOutputClosed || !mayGoOnTaking() { close() }
        case .head: refuse(Refusal(status: 408, cause: "client.head-timeout"))
        case .call:
            if !isWritable {
                _ = mayGoOnTaking()
            } else if hasResponseStarted {
                abort(bodyTimeoutCause)
            } else {
                refuse(Refusal(status: 408, cause: bodyTimeoutCause))
            }
        }
    }

    private var bodyTimeoutCause: Cause {
        let slowAt = requestPace.deadline(server.settings.rates.request, bytes: exchange?.record.requestBytes ?? 0)
        return slowAt <= worker.now ? "client.body-slow" : "client.body-timeout"
    }

    /// A client has been slow to take what was sent, or has nothing left to take.
    /// - Returns: whether there is more for it to take, and it is fast enough to be waited for. A call in flight is else given up.
    private func mayGoOnTaking() -> Bool {
        guard let pending = context.map(UntakenBytes.count), pending > 0 || phase == .call else { return false }
        let verdict = responsePace.check(
            taken: (exchange?.record.responseBytes ?? 0) - pending,
            at: worker.now,
            pace: server.settings.rates.response,
            idle: server.settings.bodyIdleTimeout
        )
        switch verdict {
        case .wait(let time):
            setDeadline(at: time)
            return true
        case .slow: abort("client.write-slow")
        case .stalled: abort("client.write-timeout")
        }
        return false
    }

    func drain() {
        if phase == .idle { setDeadline(Self.drainGrace) }
        if isTunnel { exchange?.integration?.drain() }
    }

    func setDeadline(_ nanoseconds: UInt64) { setDeadline(nanoseconds, after: worker.now) }

    func setDeadline(_ nanoseconds: UInt64, after now: UInt64) {
        if let deadline { worker.deadlines.set(deadline, at: now &+ nanoseconds) }
    }

    func setDeadline(at time: UInt64) {
        if let deadline { worker.deadlines.set(deadline, at: time) }
    }

    func clearDeadline() {
        if let deadline { worker.deadlines.clear(deadline) }
    }
}
