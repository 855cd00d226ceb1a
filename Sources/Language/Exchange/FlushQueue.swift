import NIOCore

/// A connection that holds back what it has to write until the end of the loop's turn.
public protocol HeldBack: AnyObject {
    /// Writes what is held back. Called once for each `FlushQueue.add`.
    func flushNow()
}

/// Writes what a turn of the event loop has brought at its end, for all connections together.
///
/// A write wakes the process at the other end. While much is to do, each of them woken in the midst of a turn takes the core from
/// the loop, or its caches; at the end of the turn they are woken one after the other. With one event at hand that is at once.
/// Confined to a worker's loop.
public final class FlushQueue {
    /// Connections that wait at most: more of them are written in the midst of the turn.
    private static let limit = 256

    private let eventLoop: any EventLoop
    private var waiting: [any HeldBack] = []
    private var flushing: [any HeldBack] = []

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        waiting.reserveCapacity(Self.limit)
        flushing.reserveCapacity(Self.limit)
    }

    /// Has a connection's `flushNow` called after all that the loop has at hand. To be asked for once.
    public func add(_ connection: any HeldBack) {
        waiting.append(connection)
        if waiting.count == 1 {
            eventLoop.assumeIsolated().execute { [self] in flush() }
        } else if waiting.count == Self.limit, flushing.isEmpty {
            flush()
        }
    }

    private func flush() {
        guard flushing.isEmpty else { return }
        // A flush may ask for another one, which goes into the other list.
        swap(&waiting, &flushing)
        for connection in flushing { connection.flushNow() }
        flushing.removeAll(keepingCapacity: true)
    }
}
