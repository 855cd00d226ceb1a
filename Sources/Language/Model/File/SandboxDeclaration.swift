/// The sandbox of an API as it is written: what is not said here is as in the API.
struct SandboxDeclaration {
    var hosts: [Located<HostPattern>]
    var basePath: BasePath?
    /// What takes the place of all backends that `backends` does not name.
    var target: Located<TargetReference>?
    var backends: [Named<String, Located<TargetReference>>]
    var authorizers: [Named<String, Located<String>>]
    /// Whether the examples of the API's document are the answers.
    var answersWithExamples: Bool
}

extension Shape<SandboxDeclaration> {
    /// `sandbox` of an API.
    static var sandbox: Shape {
        .record(
            "a sandbox",
            .optional(
                "host",
                Shape<[Located<HostPattern>]>.list(of: .hostPattern, orOne: true, defaultText: []),
                default: [],
                "The hosts of the sandbox. Without it, those of the API."
            ),
            .optional("path", .basePath, "Where the sandbox is mounted. Without it, where the API is."),
            .optional(
                "to",
                Shape<TargetReference>.target.located,
                "Where requests go instead: a backend's name or a URL, for all that \"backends\" does not name."
            ),
            .optional(
                "backends",
                .backendReplacements,
                "Where requests go instead, by the name of the backend that routes have."
            ),
            .optional(
                "authorizers",
                Shape<[Named<String, Located<String>>]>.map(of: Shape<String>.name.located, key: .name),
                "The authorizers that are asked instead, by the name of those of the API and its routes."
            ),
            .optional(
                "answers",
                Shape<Bool>.choice([("backends", false), ("examples", true)]),
                default: false,
                "What answers: the sandbox's backends, or the examples of the API's OpenAPI document."
            )
        ) { hosts, path, target, backends, authorizers, answersWithExamples in
            SandboxDeclaration(
                hosts: hosts,
                basePath: path,
                target: target,
                backends: backends ?? [],
                authorizers: authorizers ?? [],
                answersWithExamples: answersWithExamples
            )
        }
        .checked { sandbox, node, faults in
            if sandbox.hosts.isEmpty, sandbox.basePath == nil {
                faults.add("a sandbox has a host or a path of its own", at: node.location)
            }
            guard sandbox.answersWithExamples else { return }
            for entry in node.entries where ["to", "backends"].contains(entry.key.text) {
                faults.add("examples are answered without any backend", at: entry.key.location, text: entry.key.text)
            }
        }
    }
}
