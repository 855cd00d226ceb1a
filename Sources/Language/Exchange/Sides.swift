public import NIOCore

/// The client's side of a call: an HTTP/1.1 connection, or an HTTP/2 stream.
///
/// Calls come in the order `sendInformational*`, then either `send(_ reply:)` or `send(_ head:)`, `sendBody*`, `sendEnd`. What is sent may be
/// held back until `flush`. `abort` may replace any of them. All on the worker's event loop.
///
/// A head with status 101 opens a tunnel: from there on bytes go both ways as they are, through `sendBody` and `receiveBody`, and
/// `sendEnd` and `receiveEnd` say that a direction has ended.
public protocol ClientStream: AnyObject {
    /// Passes on an interim response (1xx other than 100 and 101).
    func sendInformational(_ head: borrowing ResponseHead)
    /// Starts the final response of a backend.
    func send(_ head: borrowing ResponseHead)
    /// Sends a part of the body; never empty.
    func sendBody(_ part: ByteBuffer)
    /// Ends the response. Trailers are given as whole lines, and only for a chunked body.
    func sendEnd(trailers: ByteBuffer?)
    /// Sends a whole answer and ends the call.
    func send(_ reply: Reply)
    /// Writes what was held back.
    func flush()
    /// Gives the call up: what was sent so far can't be completed, so the connection is closed.
    func abort(_ cause: Cause)
    /// The integration takes body bytes (again). Before the first call no body is read.
    func resumeRequestBody()
}

/// The integration's side of a call: what produces the answer.
public protocol IntegrationCall: AnyObject {
    /// A part of the request's body; never empty. Only after `resumeRequestBody`.
    /// - Returns: whether more may follow at once; `false` asks the client's side to stop until `resumeRequestBody`.
    func receiveBody(_ part: ByteBuffer) -> Bool
    /// The end of the request's body. Trailers are given as whole lines, and only for a chunked body.
    func receiveEnd(trailers: ByteBuffer?)
    /// Writes what `receiveBody` and `receiveEnd` held back.
    func flush()
    /// The client's side has taken all it can for now (`false`), or takes more again (`true`).
    func setClientWritable(_ isWritable: Bool)
    /// The client's side has ended the call early; nothing more may be sent.
    func cancel()
    /// The gateway stops: what would go on for as long as it likes comes to its end.
    func drain()
}

extension IntegrationCall {
    /// A request's answer ends by itself.
    public func drain() {}
}

/// What stands between the two sides: routing, steps, log. Implemented by the pipeline's worker.
public protocol ExchangeHandler: AnyObject {
    /// A request's head is complete.
    func begin(_ exchange: Exchange)
    /// A step that answered `.wait` has decided.
    func resume(_ exchange: Exchange, with verdict: Verdict)
    /// A client's connection was accepted.
    func connectionOpened()
    /// A client's connection was closed.
    func connectionClosed()
    /// A call has become a WebSocket connection. It is no request in flight any more.
    func tunnelOpened(_ exchange: Exchange)
    /// A WebSocket connection has ended; its call is over soon.
    func tunnelClosed()
    /// A client's TLS handshake has ended.
    func handshakeEnded(_ result: HandshakeResult)
    /// A client's connection was closed before it could bring a request.
    func connectionRefused(_ reason: ConnectionRefusal)
    /// The call is over: it is logged, counted and its exchange used again.
    func end(_ exchange: Exchange)
}
