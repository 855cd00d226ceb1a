import ArgumentParser
import NIOCore
import UnixSignals

/// `daemun demo`: a small backend to try a gateway with.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a small backend to try the gateway with.",
        discussion: """
            It answers every request with what it got, as JSON: method, path, headers and the size of the body. \
            /healthz says that it is well, /slow?ms=500 takes its time, and /status/503 answers with that status.

            EXAMPLE
              daemun demo --port 9000 &
              daemun run --proxy http://127.0.0.1:9000 &
              curl http://127.0.0.1:8080/hello

            EXIT CODES
              0  stopped by SIGTERM or SIGINT     2  wrong usage, or it can't start
            """
    )

    @Option(help: "Listen on this port of the loopback. 0 lets the system choose.")
    var port = 9_000

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port is 0…65535, not \(port).") }
    }

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let server: DemoServer
        do {
            server = try await DemoServer.start(port: port)
        } catch let error as IOError {
            throw CommandFailure(opening: [("127.0.0.1", port)], option: "--port", error)
        }
        StandardStreams.writeError(
            "The demo backend echoes requests on http://127.0.0.1:\(server.port) "
                + "(also /healthz, /slow?ms=500, /status/503)\n"
        )
        for await _ in signals { break }
        try await server.stop()
    }
}
