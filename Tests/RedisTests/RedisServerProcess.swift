import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A `redis-server` of the system on a free port, in a folder of its own, that goes away with the test.
final class RedisServerProcess {
    let port: Int
    let folder: URL
    private let options: [String]
    private var process: ChildProcess?

    /// Starts a server.
    /// - Parameter options: of its command line, such as `["--requirepass", "p"]`.
    init(_ options: [String] = []) throws {
        port = try Self.freePort()
        folder = FileManager.default.temporaryDirectory.appending(path: "daemun-redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.options = options
        try start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    func start() throws {
        process = try ChildProcess(
            "/usr/bin/redis-server",
            ["--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder.path, "--save", "", "--logfile", log.path]
                + options
        )
    }

    private var log: URL { folder.appending(path: "log") }

    /// The last lines that it logged.
    var lastWords: String {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? "nothing was logged"
        return text.split(separator: "\n").suffix(5).joined(separator: "\n")
    }

    /// `kill -9`.
    func kill() {
        guard let process else { return }
        process.signal(SIGKILL)
        process.wait()
        self.process = nil
    }

    /// Stops it from doing anything; the system goes on to accept its connections.
    func pause() { process?.signal(SIGSTOP) }

    func resume() { process?.signal(SIGCONT) }

    /// Below the ports that the system gives to clients, of which there are many while tests run, and never the same twice.
    private static let nextPort = Atomic(20_000 + Int(getpid()) % 8000)

    static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = nextPort.add(1, ordering: .relaxed).newValue
            let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            guard let channel = try? bootstrap.bind(host: "127.0.0.1", port: port).wait() else { continue }
            try channel.close().wait()
            return port
        }
        throw ChildProcess.SpawnFailure(code: EADDRINUSE)
    }
}
