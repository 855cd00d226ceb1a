import ArgumentParser
import Foundation
import Model
import Pipeline

/// The arguments of commands that read a configuration.
struct ConfigurationArguments: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Configuration files, YAML or JSON; several are joined.",
            discussion: "Without one, daemun.yaml in the working directory."
        ),
        completion: .file(extensions: ["yaml", "yml", "json"])
    )
    var files: [String] = []

    /// The name that is looked for when no file is given.
    static let defaultFile = "daemun.yaml"

    /// The files that were given, or the default one.
    /// - Throws: `CommandFailure` when there is neither.
    func paths() throws(CommandFailure) -> [String] {
        if !files.isEmpty { return files }
        guard FileManager.default.fileExists(atPath: Self.defaultFile) else {
            throw CommandFailure(
                problem: "no configuration: no FILE was given, and there is no \(Self.defaultFile) here",
                remedy: "Name a file. To put a gateway in front of a server without any: "
                    + "daemun run --proxy http://127.0.0.1:9000"
            )
        }
        return [Self.defaultFile]
    }

    /// Reads the files, and compiles what they say as `daemun run` would.
    func model() throws -> Result<Model, Faults> {
        let environment = ProcessInfo.processInfo.environment
        return ConfigurationReader(environment: environment).read(try paths()).model.flatMap { model in
            do throws(Faults) {
                _ = try Snapshot(model, revision: 1)
                return .success(model)
            } catch {
                return .failure(error)
            }
        }
    }
}
