import ArgumentParser
import Model

/// `daemun schema`: the JSON Schema of the configuration file.
struct SchemaCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of the configuration file, for editors.",
        discussion: """
            EXAMPLE
              daemun schema > daemun.schema.json
              # then, as the first line of a configuration:
              # yaml-language-server: $schema=daemun.schema.json
            """
    )

    func report(_ style: TextStyle) -> Report { Report(output: ConfigurationSchema.text) }
}
