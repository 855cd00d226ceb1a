import ArgumentParser
import Foundation
import NIOHTTP1

/// `daemun plans`: the plans that are managed while the gateway runs.
struct PlansCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plans",
        abstract: "List, show, set and remove plans of the running gateway.",
        discussion: """
            Asks the admin listener of the running gateway, which the configuration names; that needs a folder for "data" and, \
            to change anything, a token. What is changed is in effect when the command ends. Plans of the configuration file are \
            shown, and changed in the file only.

            EXAMPLES
              daemun plans list gateway.yaml
              daemun plans put gold --throttle 10/s --quota 100000/month gateway.yaml
              daemun plans put trial --quota '{"calls": "50/day", "zone": "Asia/Seoul", "per": "route"}' gateway.yaml
              daemun plans put gold --quota 200000/month gateway.yaml    what is not given is taken back
              daemun plans remove trial gateway.yaml                     when no customer has it

            EXIT CODES
              0  done     1  what was asked for is at fault     2  wrong usage, or the gateway does not answer
            """,
        subcommands: [List.self, Show.self, Put.self, Remove.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all plans by name, those of the file included.")

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            let answer = try await admin.ask(.GET, "/plans")
            if admin.json { return StandardStreams.write(answer) }
            let page = try JSONDecoder().decode(PlanPage.self, from: Data(answer.utf8))
            let rows = page.plans.map { [$0.name, $0.source, $0.faults == nil ? "" : "at fault"] }
            StandardStreams.write(TextTable(rows: rows).text)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a plan, in JSON.")

        @Argument(help: "The plan's name.")
        var name: String

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            StandardStreams.write(try await admin.ask(.GET, "/plans/\(name.pathSegment)"))
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a plan, or give one other limits: for all its customers, at once; what they used stays."
        )

        @Argument(help: "The plan's name.")
        var name: String

        @Option(
            name: .customLong("throttle"),
            help: ArgumentHelp(
                "How fast each customer's calls may come: 10/s, or what the file would say, in JSON.",
                valueName: "rate"
            )
        )
        var throttles: [PlanLimit] = []

        @Option(
            name: .customLong("quota"),
            help: ArgumentHelp(
                "How many calls each customer may make: 10000/month, or what the file would say, in JSON.",
                valueName: "calls"
            )
        )
        var quotas: [PlanLimit] = []

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            var settings: [String: [Any]] = [:]
            if !throttles.isEmpty { settings["throttle"] = throttles.map(\.value) }
            if !quotas.isEmpty { settings["quota"] = quotas.map(\.value) }
            let body = String(decoding: try JSONSerialization.data(withJSONObject: settings), as: UTF8.self)
            let answer = try await admin.ask(.PUT, "/plans/\(name.pathSegment)", body: body)
            if admin.json { StandardStreams.write(answer) }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a plan that no customer has.")

        @Argument(help: "The plan's name.")
        var name: String

        @OptionGroup var admin: AdminArguments

        func run() async throws { _ = try await admin.ask(.DELETE, "/plans/\(name.pathSegment)") }
    }
}

/// A throttle or quota as it is given to the command: `10/s`, or a mapping in JSON.
struct PlanLimit: ExpressibleByArgument {
    private let text: String

    init?(argument: String) {
        text = argument
        guard argument.hasPrefix("{") else { return }
        guard (try? JSONSerialization.jsonObject(with: Data(argument.utf8))) is [String: Any] else { return nil }
    }

    /// As `JSONSerialization` takes it.
    var value: Any {
        guard text.hasPrefix("{") else { return text }
        return (try? JSONSerialization.jsonObject(with: Data(text.utf8))) ?? text
    }
}

/// The gateway's answer to a question about plans.
private struct PlanPage: Decodable {
    struct Plan: Decodable {
        var name: String
        var source: String
        var faults: [String]?
    }

    var plans: [Plan]
}
