import ArgumentParser
import Model

/// `daemun routes`: the routes of a configuration, and the live tables that say which backends customers have on them.
struct RoutesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "List all routes, or change which backends customers have on them while gateways run.",
        discussion: """
            Without a subcommand, the routes of the files are listed. The others ask the admin listener of the running gateway, \
            which the configuration names, about the APIs that have "backend_table: true". Changing anything takes its token; \
            what is changed is in effect on this gateway when the command ends, and on others within a second.

            EXAMPLES
              daemun routes gateway.yaml
              daemun routes --json gateway.yaml | jq -r '.[] | select(.backend == "orders") | .path'
              daemun routes set shop --customer acme --backend orders-eu gateway.yaml
              daemun routes set shop --route 'GET /orders' --customer acme --backend orders-eu gateway.yaml
              daemun routes unset shop --customer acme gateway.yaml      go where the file says again
              daemun routes table gateway.yaml                           who goes elsewhere

            EXIT CODES
              0  done     1  the configuration, or what was asked for, is at fault     2  wrong usage, or the gateway does \
            not answer, or can't reach Redis
            """,
        subcommands: [List.self, Set.self, Unset.self, Table.self],
        defaultSubcommand: List.self
    )

    /// `daemun routes list`, or without its name.
    struct List: ReportingCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the routes of files: method, host, path, API, stage and what answers.",
            discussion: """
                By API; within one in the order in which they are preferred: a literal segment before {name} before \
                {name+}, a method before ANY, $default last.
                """
        )

        @OptionGroup var input: ConfigurationArguments

        @Flag(help: "Print an array of {method, host, path, api, version, stage, integration, backend}.")
        var json = false

        func report(_ style: TextStyle) throws -> Report {
            switch try input.model() {
            case .failure(let faults): return .faults(faults, style)
            case .success(let model):
                let rows = model.apis.sorted { $0.name < $1.name }.flatMap { api in
                    api.routes.sorted { $0.key.precedes($1.key) }.map { RouteRow($0, of: api) }
                }
                if json { return try .json(rows) }
                var table = TextTable(rows: [["METHOD", "HOST", "PATH", "API", "STAGE", "INTEGRATION"]])
                table.rows += rows.map { row in
                    [row.method, row.host.joined(separator: ","), row.path, row.api, row.stage, row.integration]
                }
                return Report(output: table.text)
            }
        }
    }
}

/// A route as it is listed.
private struct RouteRow: Encodable {
    var method: String
    var host: [String]
    var path: String
    var api: String
    var version: String?
    var stage: String
    var integration: String
    var backend: String?

    init(_ route: Route, of api: HTTPAPI) {
        host = api.hosts.isEmpty ? ["*"] : api.hosts.map(\.description)
        self.api = api.name
        version = api.version?.name
        stage = api.stage
        let base = api.basePath == .root ? "" : api.basePath.description
        switch route.key {
        case .default:
            method = "ANY"
            path = base + "/$default"
        case .path(let match, let template):
            method = if case .method(let name) = match { name } else { "ANY" }
            path = base + template.description
        }
        integration = route.integration.summary
        if case .httpProxy(let proxy) = route.integration { backend = proxy.backend }
    }
}

extension Integration {
    /// On one line, such as `orders /internal/{id}` or `reply 404`.
    var summary: String {
        switch self {
        case .mock(let mock): "reply \(mock.status)"
        case .httpProxy(let proxy):
            switch proxy.target {
            case .remainder: proxy.backend
            case .template(let template): "\(proxy.backend) \(template)"
            }
        }
    }
}

extension RouteKey {
    /// Whether this one is listed before another: by preference where both may match, else by the alphabet.
    fileprivate func precedes(_ other: RouteKey) -> Bool {
        switch (self, other) {
        case (.default, _): false
        case (_, .default): true
        case (.path(let method, let template), .path(let otherMethod, let otherTemplate)):
            if template.ranks == otherTemplate.ranks {
                method.rank < otherMethod.rank
            } else {
                template.ranks.lexicographicallyPrecedes(otherTemplate.ranks)
            }
        }
    }
}

extension PathTemplate {
    /// Each segment as a text that sorts as segments are preferred.
    fileprivate var ranks: [String] {
        segments.map { segment in
            switch segment {
            case .literal(let text): "0" + text
            case .parameter(let name): "1" + name
            case .greedy(let name): "2" + name
            }
        }
    }
}

extension RouteKey.MethodMatch {
    fileprivate var rank: String {
        switch self {
        case .method(let name): "0" + name
        case .any: "1"
        }
    }
}
