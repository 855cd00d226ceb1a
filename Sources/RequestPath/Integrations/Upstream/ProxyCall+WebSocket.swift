import Exchange
import NIOCore
import Selection
import Wire

/// The end of a call that was a WebSocket handshake: its connection becomes a tunnel.
extension ProxyCall {
    /// Whether the request is a WebSocket handshake.
    var opensWebSocket: Bool { webSocketAccept != nil }

    /// The backend has answered with 101 on the connection that carries the call.
    /// - Throws: when the call has asked for nothing of the kind.
    func receiveSwitch(
        _ head: borrowing ResponseHead,
        over stream: UpstreamConnection,
        now: UInt64
    ) throws(WireFault) {
        guard let accept = webSocketAccept, let settings = plan?.webSocket, let exchange, let upstream, let current
        else { throw .badStatusLine }
        exchange.record.backendStatus = head.status
        exchange.record.backendAnsweredAt = now
        guard WebSocketHandshake.isCompleted(by: head, accept: accept) else {
            stream.close()
            failed(.badUpgrade)
            return
        }
        upstream.ended(current, .success, now: now)
        let tunnel = WebSocketTunnel(exchange, over: stream, upstream: upstream, plan: settings, now: now)
        free()
        stream.begin(tunnel)
        tunnel.open(with: head, now: now)
    }
}
