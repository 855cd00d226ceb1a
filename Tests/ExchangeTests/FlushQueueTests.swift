import Exchange
import NIOEmbedded
import Testing

struct FlushQueueTests {
    /// Notes that it was flushed, and may ask for another flush then.
    private final class Connection: HeldBack {
        private(set) var flushed = 0
        var onFlush: (() -> Void)?

        func flushNow() {
            flushed += 1
            onFlush?()
        }
    }

    private let loop = EmbeddedEventLoop()
    private let queue: FlushQueue

    init() { queue = WorkerContext(eventLoop: loop, seed: 1).flushes }

    @Test func `all that was added in a turn is flushed at its end, once`() {
        let connections = (0..<3).map { _ in Connection() }
        for connection in connections { queue.add(connection) }
        #expect(connections.allSatisfy { $0.flushed == 0 })
        loop.run()
        loop.run()
        #expect(connections.allSatisfy { $0.flushed == 1 })
    }

    @Test func `a flush may ask for another one`() {
        let (first, second) = (Connection(), Connection())
        first.onFlush = { [queue] in
            first.onFlush = nil
            queue.add(second)
            queue.add(first)
        }
        queue.add(first)
        loop.run()
        #expect((first.flushed, second.flushed) == (2, 1))
    }

    @Test func `no more wait than there is room for`() {
        let connections = (0..<300).map { _ in Connection() }
        for connection in connections { queue.add(connection) }
        #expect(connections.prefix(256).allSatisfy { $0.flushed == 1 })
        #expect(connections.suffix(44).allSatisfy { $0.flushed == 0 })
        loop.run()
        #expect(connections.allSatisfy { $0.flushed == 1 })
    }
}
