import Exchange
import NIOCore

/// One client connection as its server sees it, whatever protocol it speaks.
protocol ClientConnection: AnyObject {
    /// The place in the server's list of connections.
    var position: Int { get set }
    /// The gateway stops: calls in flight go on, but no further one is waited for long.
    func drain()
    /// Gives up whatever is in flight and closes the connection.
    func abort(_ cause: Cause)
}

/// What is known of a client before the first byte of HTTP is read: who it is, and how it reached the gateway.
struct Arrival {
    /// The other end of the socket, or whom the PROXY protocol names.
    var peer = PeerAddress()
    /// Whether the connection is a TLS connection.
    var isSecure = false
    /// The certificate by which the client proved who it is.
    var certificate: ClientCertificate?
    /// What the listener itself does with requests and answers.
    var entrance: Entrance?
}

extension Exchange {
    /// Takes over what was known of the client before its request.
    func take(_ arrival: borrowing Arrival) {
        peer = arrival.peer
        clientAddress = arrival.peer
        isSecure = arrival.isSecure
        clientCertificate = arrival.certificate
    }
}
