import ArgumentParser
import Foundation
import Model

/// `daemun fmt`: configuration files in their one layout.
struct FormatCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt",
        abstract: "Format configuration files; comments stay.",
        discussion: """
            Prints the formatted text, unless --write or --check says otherwise. What a file says is never changed.

            EXAMPLES
              daemun fmt gateway.yaml
              daemun fmt --write gateway.yaml conf.d/*.yaml
              daemun fmt --check conf.d/*.yaml        for CI: names the files that are not formatted

            EXIT CODES
              0  fine     1  not formatted (--check), or not YAML     2  wrong usage, or a file can't be written
            """
    )

    @OptionGroup var input: ConfigurationArguments

    @Flag(help: "Print the names of files that are not formatted, and fail if there are any.")
    var check = false

    @Flag(help: "Write the files back.")
    var write = false

    func validate() throws {
        if check, write { throw ValidationError("--check and --write exclude each other.") }
    }

    func report(_ style: TextStyle) throws -> Report {
        var report = Report()
        for path in try input.paths() {
            switch Self.format(path) {
            case .failure(let faults):
                report.complaint += faults.all.map { style.line($0) + "\n" }.joined()
                report.isAtFault = true
            case .success(let file) where !check && !write: report.output += file.formatted
            case .success(let file) where file.formatted != file.text:
                report.output += path + "\n"
                if check { report.isAtFault = true }
                if write { try Self.write(file.formatted, to: path) }
            case .success: break
            }
        }
        return report
    }

    private static func format(_ path: String) -> Result<(text: String, formatted: String), Faults> {
        let text: String
        do throws(Fault) { text = try FileSource.disk.read(path) } catch { return .failure(Faults([error])) }
        do throws(Faults) {
            return .success((text, try ConfigurationFormatter.formatted(text, file: path)))
        } catch {
            return .failure(error)
        }
    }

    private static func write(_ text: String, to path: String) throws(CommandFailure) {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw CommandFailure(
                problem: "\(path) can't be written: \(error.localizedDescription)",
                remedy: "Without --write the formatted text is printed."
            )
        }
    }
}
