import ArgumentParser
import Foundation
import NIOHTTP1

/// `daemun customers`: the customers that are managed while the gateway runs.
struct CustomersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "customers",
        abstract: "List, show, set and remove customers of the running gateway.",
        discussion: """
            Asks the admin listener of the running gateway, which the configuration names; that needs a folder for "data" and, \
            to change anything, a token. What is changed is in effect when the command ends.

            EXAMPLES
              daemun customers list gateway.yaml
              daemun customers put acme --name 'Acme Ltd' --plan gold --label tier=gold gateway.yaml
              daemun customers put acme --suspended gateway.yaml         settings that are not given are taken back
              daemun customers remove acme gateway.yaml
              DAEMUN_ADMIN_TOKEN=… daemun customers show acme --json --admin 127.0.0.1:8081

            EXIT CODES
              0  done     1  what was asked for is at fault     2  wrong usage, or the gateway does not answer
            """,
        subcommands: [List.self, Show.self, Put.self, Remove.self, Password.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List customers by id.")

        @Option(help: "List those after this id.")
        var after = ""

        @Option(help: "List so many at most, 1…1000.")
        var limit = 100

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            var components = URLComponents()
            components.path = "/customers"
            components.queryItems = [
                URLQueryItem(name: "after", value: after), URLQueryItem(name: "limit", value: "\(limit)"),
            ]
            let answer = try await admin.ask(.GET, components.string ?? "/customers")
            if admin.json { return StandardStreams.write(answer) }
            let page = try JSONDecoder().decode(CustomerPage.self, from: Data(answer.utf8))
            let rows = page.customers.map {
                [$0.id, $0.settings.name ?? "", $0.settings.state ?? "active", $0.credentials]
            }
            StandardStreams.write(TextTable(rows: rows).text)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a customer, in JSON.")

        @Argument(help: "The customer's id.")
        var id: String

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            StandardStreams.write(try await admin.ask(.GET, "/customers/\(id.pathSegment)"))
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a customer in, or give one other settings; keys and passwords stay."
        )

        @Argument(help: "The customer's id.")
        var id: String

        @Option(help: "What people call them.")
        var name: String?

        @Option(help: "The plan that says how much they may take.")
        var plan: String?

        @Option(
            name: .customLong("label"),
            help: ArgumentHelp("A label for headers and limits.", valueName: "name=value")
        )
        var labels: [String] = []

        @Option(name: .customLong("address"), help: ArgumentHelp("Take calls from here only.", valueName: "cidr"))
        var addresses: [String] = []

        @Flag(help: "Refuse their calls for now.")
        var suspended = false

        @OptionGroup var admin: AdminArguments

        func validate() throws {
            for label in labels where !label.dropFirst().contains("=") {
                throw ValidationError("--label is NAME=VALUE, not \(label).")
            }
        }

        func run() async throws {
            var settings = CustomerSettings(name: name, plan: plan)
            if suspended { settings.state = "suspended" }
            if !addresses.isEmpty { settings.addresses = addresses }
            for label in labels {
                let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                settings.labels = (settings.labels ?? [:]).merging([String(parts[0]): String(parts[1])]) { $1 }
            }
            let body = String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
            let answer = try await admin.ask(.PUT, "/customers/\(id.pathSegment)", body: body)
            if admin.json { StandardStreams.write(answer) }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a customer, its keys and passwords.")

        @Argument(help: "The customer's id.")
        var id: String

        @OptionGroup var admin: AdminArguments

        func run() async throws { _ = try await admin.ask(.DELETE, "/customers/\(id.pathSegment)") }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a user's password, and print it this once; or withdraw it."
        )

        @Argument(help: "The customer's id.")
        var id: String

        @Argument(help: "The user's name.")
        var user: String

        @Flag(help: "Withdraw the user's password.")
        var remove = false

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            let target = "/customers/\(id.pathSegment)/passwords/\(user.pathSegment)"
            let answer = try await admin.ask(remove ? .DELETE : .PUT, target)
            if admin.json || remove { return StandardStreams.write(answer) }
            let made = try JSONDecoder().decode([String: String].self, from: Data(answer.utf8))
            StandardStreams.write("\(made["password"] ?? "")\n")
        }
    }
}

/// What a customer's settings say, as far as this command knows them.
struct CustomerSettings: Codable {
    var name: String?
    var state: String?
    var plan: String?
    var addresses: [String]?
    var labels: [String: String]?
}

/// The gateway's answer to a question about customers.
private struct CustomerPage: Decodable {
    struct Customer: Decodable {
        var id: String
        var settings: CustomerSettings
        var api_keys: [CustomerKey]
        var users: [String]

        var credentials: String { "\(api_keys.count) keys, \(users.count) users" }
    }

    var customers: [Customer]
}

/// A customer's API key, without the key.
struct CustomerKey: Decodable {
    var id: String
    var created_at: String
}
