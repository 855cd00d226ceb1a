/// The JSON Schema of the configuration file, which editors use to complete and check it.
public enum ConfigurationSchema {
    /// The schema (draft 2020-12), made from the same shapes that read the file.
    public static var text: String { json.indentedText }

    static var json: JSON {
        let head: [JSON.Member] = [
            JSON.Member(name: "$schema", value: "https://json-schema.org/draft/2020-12/schema"),
            JSON.Member(name: "title", value: "Daemun configuration"),
            JSON.Member(name: "description", value: "What a Daemun gateway serves. See docs/configuration.md."),
        ]
        return .object(head + ConfigurationFile.shape.schema.members)
    }
}
