public import ArgumentParser
import Daemun
import Exchange
import Foundation
public import Logging
import Model
import NIOCore
import UnixSignals

/// `daemun run`: the gateway.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Serve what the configuration says, or put a gateway in front of one server.",
        discussion: """
            The files are watched: a change is taken over without losing a request, and one with faults changes nothing. \
            SIGHUP does the same at once and opens the log files anew. SIGTERM and SIGINT finish what is in flight; \
            a second one does not wait.

            EXAMPLES
              daemun run gateway.yaml
              daemun run --proxy http://127.0.0.1:9000 --port 8080 --threads 1
              daemun run --json --admin-port 0 gateway.yaml   prints {"admin":…,"listening":[…],"revision":1}

            EXIT CODES
              0  stopped as asked     1  the configuration has faults     2  wrong usage, or it can't start
            """
    )

    @OptionGroup var input: ConfigurationArguments

    @Option(help: ArgumentHelp("Forward everything to this server; no file is needed.", valueName: "url"))
    var proxy: String?

    @Option(help: "Listen on this port only. 0 lets the system choose. (default: what the files say, else 8080)")
    var port: Int?

    @Option(help: "The number of workers, each on a thread of its own. (default: the CPUs there are)")
    var threads: Int?

    @Option(help: "Listen on this port of the loopback for /livez, /readyz, /metrics, /snapshot and /usage.")
    var adminPort: Int?

    @Option(help: ArgumentHelp("Keep the counts of quotas and the customers in this folder.", valueName: "folder"))
    var data: String?

    @Flag(help: "Keep what AWS's tools manage in memory. POST /reset on the admin port empties it. No file is needed.")
    var ephemeral = false

    @Flag(help: "With --ephemeral: take every request of AWS's tools, whatever it is signed with.")
    var open = false

    @Option(help: ArgumentHelp("With --ephemeral: whether the age of signatures counts: on, off.", valueName: "on|off"))
    var clockSkew: ClockSkew = .on

    @Option(
        help: ArgumentHelp(
            "What is logged on standard error: trace, debug, info, notice, warning, error.",
            valueName: "level"
        )
    )
    var logLevel: Logger.Level = .info

    @Flag(help: "Print one line of JSON on standard output as soon as it serves.")
    var json = false

    func validate() throws {
        if proxy != nil, !input.files.isEmpty {
            throw ValidationError("--proxy and files exclude each other: a file says where requests go.")
        }
        if !ephemeral, open || clockSkew == .off {
            throw ValidationError("--open and --clock-skew are for gateways that keep nothing: --ephemeral.")
        }
        for (name, value) in [("--port", port), ("--admin-port", adminPort)] {
            guard let value, !(0...65_535).contains(value) else { continue }
            throw ValidationError("\(name) is 0…65535, not \(value).")
        }
        if let threads, !(1...1_024).contains(threads) {
            throw ValidationError("--threads is 1…1024, not \(threads).")
        }
    }

    func run() async throws {
        DescriptorLimit.raise()
        // From here on: a stop that is asked for while the gateway starts is not lost.
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        let process = try await GatewayProcess.start(
            source: ModelSource(
                origin: try origin(),
                port: port,
                adminPort: adminPort,
                dataFolder: data,
                ephemeral: ephemeral ? Ephemeral(isOpen: open, takesAnyAge: clockSkew == .off) : nil
            ),
            threads: threads ?? System.coreCount,
            logger: logger
        )
        let announcement = await process.announcement
        if json {
            StandardStreams.write(try Report.json(announcement).output)
        } else {
            StandardStreams.writeError(announcement.description + "\n")
        }
        try await process.serve(until: signals)
    }

    private func origin() throws -> ModelSource.Origin {
        if let proxy { return .proxy(proxy) }
        if ephemeral, input.files.isEmpty { return .nothing }
        return .files(try input.paths())
    }

    private var logger: Logger {
        var logger = Logger(label: "daemun") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = logLevel
        return logger
    }
}

/// Whether the age of signatures counts.
enum ClockSkew: String, ExpressibleByArgument {
    case on, off
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
