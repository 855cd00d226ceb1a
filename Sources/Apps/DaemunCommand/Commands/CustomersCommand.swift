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
              daemun customers put acme --backend orders=https://acme.test --version shop=v2 gateway.yaml
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
                [$0.id, $0.settings.name ?? "", $0.state, $0.credentials]
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

        @Option(
            name: .customLong("backend"),
            help: ArgumentHelp("Where calls go instead: a backend's name, or a URL.", valueName: "name=other")
        )
        var backends: [String] = []

        @Option(
            name: .customLong("version"),
            help: ArgumentHelp("What they get on paths that name no version.", valueName: "api=version")
        )
        var versions: [String] = []

        @Option(
            name: .customLong("certificate"),
            help: ArgumentHelp("What it says: sha256, subject, dns, uri or email.", valueName: "kind=name")
        )
        var certificates: [String] = []

        @Flag(help: "Let them call sandboxes, with credentials for these.")
        var sandbox = false

        @Option(help: ArgumentHelp("Let them call sandboxes, under this plan.", valueName: "plan"))
        var sandboxPlan: String?

        @Flag(help: "Refuse their calls for now.")
        var suspended = false

        @OptionGroup var admin: AdminArguments

        func validate() throws {
            let pairs = [
                ("label", "NAME=VALUE", labels), ("backend", "NAME=OTHER", backends),
                ("version", "API=VERSION", versions), ("certificate", "KIND=NAME", certificates),
            ]
            for (option, form, texts) in pairs {
                for text in texts where !text.dropFirst().contains("=") {
                    throw ValidationError("--\(option) is \(form), not \(text).")
                }
            }
        }

        func run() async throws {
            var settings = WantedSettings(name: name, plan: plan)
            if suspended { settings.state = "suspended" }
            if !addresses.isEmpty { settings.addresses = addresses }
            settings.labels = Self.mapping(labels)
            settings.backends = Self.mapping(backends)
            settings.versions = Self.mapping(versions)
            if !certificates.isEmpty { settings.certificates = certificates.compactMap { Self.mapping([$0]) } }
            if sandbox || sandboxPlan != nil { settings.sandbox = CustomerSandbox(plan: sandboxPlan) }
            let body = String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
            let answer = try await admin.ask(.PUT, "/customers/\(id.pathSegment)", body: body)
            if admin.json { StandardStreams.write(answer) }
        }

        /// What `NAME=VALUE` says, by name; `nil` when there is none.
        private static func mapping(_ pairs: [String]) -> [String: String]? {
            if pairs.isEmpty { return nil }
            let parts = pairs.map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false) }
            return Dictionary(parts.map { (String($0[0]), String($0[1])) }) { $1 }
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

        @Flag(help: "Make it for sandboxes, and nothing else.")
        var sandbox = false

        @Flag(help: "Withdraw the user's password.")
        var remove = false

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            let target = "/customers/\(id.pathSegment)/passwords/\(user.pathSegment)"
            let body = sandbox && !remove ? "{\"sandbox\":true}" : ""
            let answer = try await admin.ask(remove ? .DELETE : .PUT, target, body: body)
            if admin.json || remove { return StandardStreams.write(answer) }
            let made = try JSONDecoder().decode([String: String].self, from: Data(answer.utf8))
            StandardStreams.write("\(made["password"] ?? "")\n")
        }
    }
}

/// What this command sets of a customer.
private struct WantedSettings: Encodable {
    var name: String?
    var state: String?
    var plan: String?
    var addresses: [String]?
    var labels: [String: String]?
    var backends: [String: String]?
    var versions: [String: String]?
    var certificates: [[String: String]]?
    var sandbox: CustomerSandbox?
}

/// What a customer has for sandboxes.
private struct CustomerSandbox: Encodable {
    var plan: String?
}

/// A customer's settings in a list, as far as it shows them.
private struct ListedSettings: Decodable {
    var name: String?
    var state: String?
}

/// The gateway's answer to a question about customers.
private struct CustomerPage: Decodable {
    struct Customer: Decodable {
        var id: String
        var settings: ListedSettings
        var api_keys: [CustomerKey]
        var users: [String]
        var faults: [String]?

        var state: String { faults == nil ? settings.state ?? "active" : "at fault" }

        var credentials: String { "\(api_keys.count) keys, \(users.count) users" }
    }

    var customers: [Customer]
}

/// A customer's API key, without the key.
struct CustomerKey: Decodable {
    var id: String
    var created_at: String
    var sandbox: Bool?
}
