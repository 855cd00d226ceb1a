public import Model
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Looks the backends' names up in the background, again and again, and keeps the last known addresses while a look-up fails.
///
/// Runs beside the workers and never on their loops.
public actor NameResolution {
    /// Told of every change.
    public typealias Report = @Sendable (TargetDirectory) async -> Void

    private var directory = TargetDirectory()
    private var watches: [String: (interval: Duration, task: Task<Void, Never>)] = [:]
    private let limit: Duration
    private let lookUp: @Sendable (String) async -> [SocketAddress]?

    /// Makes a resolution that asks the system (`getaddrinfo`).
    /// - Parameter limit: how long `directory` waits for new names.
    public init(limit: Duration = .seconds(3)) { self.init(limit: limit, lookUp: Self.askSystem) }

    /// Makes a resolution with another way of looking names up, for tests.
    init(limit: Duration, lookUp: @escaping @Sendable (String) async -> [SocketAddress]?) {
        self.limit = limit
        self.lookUp = lookUp
    }

    /// Looks up the names that are new, for as long as the limit allows, and forgets those that are gone.
    public func directory(for backends: [Backend]) async -> TargetDirectory {
        let names = Self.names(of: backends)
        directory.keepOnly(Set(names.keys))
        let unknown = names.keys.filter { !directory.knows($0) }
        for (name, addresses) in await lookUp(unknown) { _ = directory.set(name, addresses) }
        return directory
    }

    /// Looks names up side by side. A look-up can't be called off (`getaddrinfo`), so one that takes too long is left behind:
    /// a task group would wait for it.
    private func lookUp(_ names: [String]) async -> [(String, [SocketAddress])] {
        if names.isEmpty { return [] }
        let (answers, answer) = AsyncStream.makeStream(of: (String, [SocketAddress]?).self)
        for name in names {
            Task { [lookUp] in answer.yield((name, await lookUp(name))) }
        }
        let timer = Task { [limit] in
            try? await Task.sleep(for: limit)
            answer.finish()
        }
        defer { timer.cancel() }
        var found: [(String, [SocketAddress])] = []
        var pending = names.count
        for await (name, addresses) in answers {
            if let addresses { found.append((name, addresses)) }
            pending -= 1
            if pending == 0 { break }
        }
        return found
    }

    /// Looks the backends' names up from now on, each in its own interval.
    public func watch(_ backends: [Backend], report: @escaping Report) {
        let names = Self.names(of: backends)
        for (name, watch) in watches where names[name] != watch.interval {
            watch.task.cancel()
            watches[name] = nil
        }
        for (name, interval) in names where watches[name] == nil {
            let task = Task { [weak self] in
                while !Task.isCancelled {
                    guard let pause = await self?.pause(before: name, interval) else { return }
                    try? await Task.sleep(for: pause)
                    if Task.isCancelled { return }
                    await self?.refresh(name, report)
                }
            }
            watches[name] = (interval, task)
        }
    }

    /// Ends all look-ups.
    public func stop() {
        for watch in watches.values { watch.task.cancel() }
        watches = [:]
    }

    /// A name without addresses is looked up more often: its backend can't serve before.
    private func pause(before name: String, _ interval: Duration) -> Duration {
        directory.knows(name) ? interval : min(interval, .seconds(1))
    }

    private func refresh(_ name: String, _ report: Report) async {
        guard let addresses = await lookUp(name), directory.set(name, addresses) else { return }
        await report(directory)
    }

    /// The names among the targets' hosts, each with the shortest interval that a backend asks for.
    private static func names(of backends: [Backend]) -> [String: Duration] {
        var names: [String: Duration] = [:]
        for backend in backends {
            for target in backend.targets where IPAddress(target.host) == nil {
                names[target.host] = min(backend.resolveInterval, names[target.host] ?? backend.resolveInterval)
            }
        }
        return names
    }

    /// All addresses of a name, sorted; `nil` when the look-up failed.
    private static func askSystem(_ name: String) async -> [SocketAddress]? {
        try? await NIOThreadPool.singleton.runIfActive { addresses(of: name) }
    }

    private static func addresses(of name: String) -> [SocketAddress]? {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_protocol = Int32(IPPROTO_TCP)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(name, nil, &hints, &list) == 0 else { return nil }
        // The list belongs to us until `freeaddrinfo`; every address in it is copied before.
        defer { unsafe freeaddrinfo(list) }
        var addresses: Set<SocketAddress> = []
        var entry = unsafe list
        while let current = unsafe entry {
            unsafe entry = current.pointee.ai_next
            guard let address = unsafe current.pointee.ai_addr else { continue }
            switch unsafe current.pointee.ai_family {
            case AF_INET:
                unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    _ = unsafe addresses.insert(SocketAddress($0.pointee))
                }
            case AF_INET6:
                unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    _ = unsafe addresses.insert(SocketAddress($0.pointee))
                }
            default: continue
            }
        }
        return addresses.isEmpty ? nil : addresses.sorted { "\($0)" < "\($1)" }
    }
}
