import Exchange
import NIOCore

/// What carries one attempt of a call to a backend and its answer back: a connection of HTTP/1.1, or one stream of HTTP/2.
///
/// The call begins it once, then writes the body's parts and its end. What is written may be held back until `flush`. The answer
/// comes to the call through `receive`, `receiveResponseBody` and `receiveEnd`, or it `broke`. All on the worker's event loop.
protocol BackendStream: AnyObject {
    /// Whom it leads to.
    var endpoint: Endpoint { get }
    /// Whether more of the body may be written for now; `ProxyCall.backendBecameWritable` tells when it may be again.
    var isWritable: Bool { get }

    /// Serves a call from now on, and writes the head of its request.
    func begin(_ call: ProxyCall, _ exchange: Exchange, plan: ProxyPlan)
    /// Writes a part of the request's body; never empty.
    func sendBody(_ part: ByteBuffer)
    /// Writes the end of the request's body, once, and only of a request that has one. Trailers are given as whole lines.
    func sendEnd(trailers: ByteBuffer?)
    func flush()
    /// Stops or goes on reading the answer, when the client is slower than the backend.
    func setReading(_ isReading: Bool)
    /// Its call lets go of it before the answer is complete. Nothing more is told to the call.
    func close()
    /// Its call is over, or there is none, and it may serve another one.
    func release(now: UInt64)
}
