import ArgumentParser
import Model

/// `daemun validate`: everything that is wrong with a configuration, in one pass.
struct ValidateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Report everything that is wrong with a configuration.",
        discussion: """
            Each fault has its file, line and column, what was found, what was expected and, where it can be guessed, \
            what was meant. A configuration without fault is one that 'daemun run' takes.

            EXAMPLES
              daemun validate gateway.yaml
              daemun validate --json conf.d/a.yaml conf.d/b.yaml | jq '.[0].message'

            EXIT CODES
              0  no fault     1  at least one     2  wrong usage
            """
    )

    @OptionGroup var input: ConfigurationArguments

    @Flag(help: "Print an array of {file, line, column, message, text, suggestion}.")
    var json = false

    func report(_ style: TextStyle) throws -> Report {
        switch try input.model() {
        case .success(let model):
            if json { return try .json([Fault]()) }
            return Report(output: style.green("No fault") + ": " + Self.summary(model) + "\n" + Self.warnings(model))
        case .failure(let faults):
            if json { return try .json(faults.all, isAtFault: true) }
            return Report(output: style.lines(faults), isAtFault: true)
        }
    }

    /// What is no fault, but nobody should overlook.
    private static func warnings(_ model: Model) -> String {
        model.backends.filter(\.trustsAnybody).map { backend in
            "Warning: backend \(backend.name) is believed whatever its certificate (verify: false)\n"
        }.joined()
    }

    private static func summary(_ model: Model) -> String {
        let count = { (number: Int, noun: String) in "\(number) \(noun)\(number == 1 ? "" : "s")" }
        let routes = model.apis.reduce(0) { $0 + $1.routes.count }
        return [
            count(model.apis.count, "API"), count(routes, "route"), count(model.backends.count, "backend"),
        ].joined(separator: ", ")
    }
}
