import Exchange

/// WebSocket connections as streams (RFC 8441). The request that opens one was given the shape of the handshake of HTTP/1.1, and so
/// was routed and sent like any other; here its answer becomes HTTP/2 again.
extension HTTP2Stream {
    static let declined = Refusal(status: 502, cause: "websocket.declined")

    /// Whether an answer that opens no connection would tell the client that it is open, as any 2xx does.
    func declinesWebSocket(_ status: Int) -> Bool {
        guard (200..<300).contains(status), let exchange else { return false }
        // No client can send this field over HTTP/2: it stands for an extended CONNECT.
        return exchange.request.section.names.has(.upgrade)
    }

    /// Lets bytes through in both directions from here on.
    func openTunnel(_ exchange: Exchange) {
        isTunnel = true
        if isRequestOver { exchange.integration?.receiveEnd(trailers: nil) }
        if connection?.server.isDraining == true { exchange.integration?.drain() }
    }
}
