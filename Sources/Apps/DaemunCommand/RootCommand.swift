import ArgumentParser
import Foundation

/// `daemun`: the gateway and what helps to configure it.
@main
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemun",
        abstract: "An API gateway in one binary.",
        discussion: """
            EXAMPLES
              daemun run --proxy http://127.0.0.1:9000    a gateway without a file
              daemun run gateway.yaml                     serve what the file says
              daemun validate gateway.yaml                what is wrong with it
              daemun explain GET http://localhost/v1/orders/7 gateway.yaml

            EXIT CODES
              0  all is well
              1  the configuration or the request is at fault
              2  wrong usage, or what was asked for can't be done here (a port is taken, a file can't be written)
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, ValidateCommand.self, ExplainCommand.self, RoutesCommand.self, FormatCommand.self,
            CustomersCommand.self, KeysCommand.self, PlansCommand.self, UsageCommand.self, SchemaCommand.self,
            VersionCommand.self, CompletionsCommand.self, DemoCommand.self,
        ]
    )

    /// Parses the arguments, runs what they ask for and ends the process with the command's exit code.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Says what is to be said about an error, or about help that was asked for, and ends the process.
    private static func end(with error: any Error) -> Never {
        if let failure = error as? CommandFailure {
            StandardStreams.writeError("daemun: \(failure)\n")
            Foundation.exit(ExitCode.cannot.rawValue)
        }
        let code = exitCode(for: error)
        let message = fullMessage(for: error)
        if !message.isEmpty {
            if code == .success {
                StandardStreams.write(message + "\n")
            } else {
                StandardStreams.writeError(message + "\n")
            }
        }
        Foundation.exit(code == .validationFailure ? ExitCode.cannot.rawValue : code.rawValue)
    }
}

extension ExitCode {
    /// The configuration or the request is at fault.
    static let atFault = ExitCode(1)
    /// Wrong usage, or it can't be done here.
    static let cannot = ExitCode(2)
}
