import Exchange
import NIOCore

/// What a worker's HTTP/2 connections share: streams that were used, and the flush that comes once for all of them.
final class HTTP2StreamPool {
    private var idle = Spares<HTTP2Stream>(limit: 256)
    private var waitingForFlush: [HTTP2Connection] = []
    private var flushing: [HTTP2Connection] = []

    func take(_ worker: WorkerContext) -> HTTP2Stream { idle.take() ?? HTTP2Stream(worker: worker) }

    func give(_ stream: HTTP2Stream) {
        stream.reset()
        idle.give(stream)
    }

    /// Lets go of the streams that were not needed since the last time.
    func letGoOfSpares() { idle.letGo() }

    /// Flushes a connection after all that the loop has at hand now.
    func flushLater(_ connection: HTTP2Connection) {
        waitingForFlush.append(connection)
        guard waitingForFlush.count == 1 else { return }
        connection.worker.eventLoop.assumeIsolated().execute { [self] in
            // A flush may ask for another one, which goes into the other list.
            swap(&waitingForFlush, &flushing)
            for connection in flushing { connection.flushNow() }
            flushing.removeAll(keepingCapacity: true)
        }
    }
}
