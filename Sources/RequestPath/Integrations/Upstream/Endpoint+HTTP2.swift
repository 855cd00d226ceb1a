import Exchange
import Model

/// The streams of an endpoint that speaks HTTP/2, and what follows from which protocol a target chose.
///
/// A target that may choose (`https` with `http2: true`) is taken to speak HTTP/2 until a handshake shows the contrary, so that one
/// connection is opened at first and not one for each request.
extension Endpoint {
    func leaseStream(for call: ProxyCall) -> (any BackendStream)? {
        switch streams.lease(for: call) {
        case .stream(let connection): return connection.lend()
        case .connect: openStreams(limit: call.connectTimeout)
        case .wait: break
        case .refuse: call.failed(.poolFull)
        }
        return nil
    }

    /// A stream of a connection has ended.
    func streamEnded(_ connection: UpstreamHTTP2Connection) {
        if let call = streams.ended(connection) { call.connected(connection.lend()) }
        connection.rest()
    }

    /// A connection's other side takes another number of streams.
    func limitChanged(_ connection: UpstreamHTTP2Connection) {
        for call in streams.setLimit(connection.limit, of: connection) { call.connected(connection.lend()) }
        openForLine()
    }

    /// A connection gets no further streams.
    func left(_ connection: UpstreamHTTP2Connection) {
        if streams.leave(connection) { openStreams(limit: connectTimeout) }
    }

    func closed(_ connection: UpstreamHTTP2Connection) {
        if streams.closed(connection) { openStreams(limit: connectTimeout) }
    }

    private func openStreams(limit: UInt64) {
        connectTimeout = limit
        open(limit: limit) { [self] outcome in
            switch outcome {
            case .success(.http2(let connection)): opened(connection)
            case .success(.http1(let connection)): speaksHTTP1(connection)
            case .failure(let failure): openingFailed(failure)
            }
        }
    }

    func opened(_ connection: UpstreamHTTP2Connection) {
        // It may have been closed as soon as it was opened.
        guard connection.isOpen else { return openingFailed(.connectFailed) }
        connection.joinPool()
        for call in streams.opened(connection, limit: connection.limit) { call.connected(connection.lend()) }
        connection.rest()
        if index == nil { retireStreams() } else { openForLine() }
    }

    private func openingFailed(_ failure: BackendFailure) {
        for call in streams.connectFailed() { call.failed(failure) }
    }

    /// The target chose HTTP/1.1: those in line are served as its pool serves them.
    private func speaksHTTP1(_ connection: UpstreamConnection) {
        usesHTTP2 = false
        let line = streams.takeLine()
        _ = streams.connectFailed()
        pool.adopt()
        if let first = line.first { first.connected(connection) } else { release(connection, now: worker.now) }
        for call in line.dropFirst() {
            if let stream = lease(for: call) { call.connected(stream) }
        }
    }

    /// What is in flight is finished, the rest is closed.
    func retireStreams() {
        for connection in streams.takeAll() { connection.leave() }
        openForLine()
    }

    /// Opens another connection for those in line whom those that are there, or are being opened, have no room for.
    private func openForLine() {
        if streams.connectForLine() { openStreams(limit: connectTimeout) }
    }
}
