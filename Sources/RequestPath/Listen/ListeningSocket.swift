import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A socket that one worker accepts on, and what its connections go through.
///
/// Another process may listen on the same port, to take over from this one. The system gives each of the two a share of the
/// clients that connect, and resets those of a socket that is closed. So a shared socket ends in three steps: it begins no further
/// handshake, those that it has begun get time to end, and nothing can come between the last `accept` and its end. What a
/// client sends meanwhile is dropped, and so sent again: to the other process.
final class ListeningSocket {
    /// What the next connection goes through.
    var plan: ListenerPlan
    /// Where connections are accepted, once it is bound.
    var channel: (any Channel)?

    init(_ plan: ListenerPlan) { self.plan = plan }

    /// What the system's tables know it by.
    var inode: UInt64? {
        withDescriptor { descriptor in
            var status = stat()
            return unsafe fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : nil
        } ?? nil
    }

    /// Begins no further handshake; those that were begun go on.
    func refuseHandshakes() { withDescriptor { SegmentFilter.handshakes.attach(to: $0) } }

    /// Ends it.
    /// - Returns: the connections that the system had accepted for it.
    func end() -> [NIOBSDSocket.Handle] {
        // A second descriptor outlives the channel, which closes its own.
        let last = withDescriptor { descriptor in
            SegmentFilter.all.attach(to: descriptor)
            return dup(descriptor)
        }
        channel?.close(promise: nil)
        guard let last, last >= 0 else { return [] }
        defer { close(last) }
        var accepted: [NIOBSDSocket.Handle] = []
        while case let connection = accept(last, nil, nil), connection >= 0 {
            // A connection has the filter that its listener had when it came.
            SegmentFilter.detach(from: connection)
            accepted.append(connection)
        }
        return accepted
    }

    @discardableResult
    private func withDescriptor<Value>(_ body: (NIOBSDSocket.Handle) -> Value) -> Value? {
        try? channel?.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self, body)
    }
}
