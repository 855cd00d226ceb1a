public import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How many descriptors the process may have open, and what follows for its client connections.
public enum DescriptorLimit {
    /// More client connections than this are held only where the file says so.
    private static let mostConnections = 65_536
    /// Descriptors for all that is not a connection.
    private static let mostReserved = 64

    /// Raises the limit to what the system allows the process.
    /// - Returns: the limit that then holds.
    @discardableResult
    public static func raise() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0 else { return current }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = unsafe setrlimit(resource, &limit)
        }
        return current
    }

    /// The limit that holds now.
    public static var current: Int {
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0 else { return 1_024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// The client connections for which there are descriptors, when up to a quarter of what is not reserved serves connections to
    /// backends.
    public static func connections(forDescriptors count: Int) -> Int {
        max(1, min(ceiling(forDescriptors: count) / 4 * 3, mostConnections))
    }

    /// The lowest descriptor that no connection may keep. The system gives the lowest that is free, so those from here on stay
    /// free for what the process can't do without: logs, files, name service, timers, and the runtime, which ends the
    /// process when it can't read about its threads.
    public static func ceiling(forDescriptors count: Int) -> Int { count - min(mostReserved, count / 4) }

    #if canImport(Glibc)
    private static var resource: CInt { CInt(RLIMIT_NOFILE.rawValue) }
    #else
    private static var resource: CInt { RLIMIT_NOFILE }
    #endif
}

extension WorkerContext {
    /// Whether a new connection has got a descriptor that connections have to leave free.
    public func hasReservedDescriptor(_ channel: any Channel) -> Bool {
        let descriptor = try? channel.pipeline.syncOperations
            .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        return (descriptor ?? 0) >= descriptorCeiling
    }
}
