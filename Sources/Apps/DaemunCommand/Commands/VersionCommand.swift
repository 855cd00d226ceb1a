import ArgumentParser

/// `daemun version`: which program this is.
struct VersionCommand: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @Flag(help: "Print {version}.")
    var json = false

    func report(_ style: TextStyle) throws -> Report {
        json ? try .json(["version": Version.text]) : Report(output: "daemun \(Version.text)\n")
    }
}
