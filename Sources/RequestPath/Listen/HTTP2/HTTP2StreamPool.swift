import Exchange

/// Streams that were used, for all HTTP/2 connections of a worker.
final class HTTP2StreamPool {
    private var idle = Spares<HTTP2Stream>(limit: 256)

    func take(_ worker: WorkerContext) -> HTTP2Stream { idle.take() ?? HTTP2Stream(worker: worker) }

    func give(_ stream: HTTP2Stream) {
        stream.reset()
        idle.give(stream)
    }

    /// Lets go of the streams that were not needed since the last time.
    func letGoOfSpares() { idle.letGo() }
}
