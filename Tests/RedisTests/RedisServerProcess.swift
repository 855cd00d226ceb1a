import Foundation
import NIOCore
import NIOPosix
import Testing

/// A `redis-server` of the system on a free port, in a folder of its own, that goes away with the test.
final class RedisServerProcess {
    let port: Int
    let folder: URL
    private let options: [String]
    private var process: Process?

    /// Starts a server.
    /// - Parameter options: of its command line, such as `["--requirepass", "p"]`.
    init(_ options: [String] = []) throws {
        // Free a moment ago; two tests that want the same one fail to start, which is seen.
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
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/redis-server")
        process.arguments =
            ["--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder.path, "--save", "", "--loglevel", "warning"]
            + options
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
    }

    /// `kill -9`.
    func kill() {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// Stops it from doing anything; the system goes on to accept its connections.
    func pause() { if let process { Foundation.kill(process.processIdentifier, SIGSTOP) } }

    func resume() { if let process { Foundation.kill(process.processIdentifier, SIGCONT) } }

    static func freePort() throws -> Int {
        let channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).wait()
        defer { try? channel.close().wait() }
        return try #require(channel.localAddress?.port)
    }
}
