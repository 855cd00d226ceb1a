import ArgumentParser
import Foundation
import NIOHTTP1

/// `daemun keys`: the API keys of customers that are managed while the gateway runs.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "List, make and withdraw the API keys of a customer of the running gateway.",
        discussion: """
            Several keys of a customer hold at once, so that a new one can be handed out before the old one goes.

            EXAMPLES
              daemun keys create acme 2027 gateway.yaml       prints the key, this once
              daemun keys list acme gateway.yaml
              daemun keys withdraw acme 2026 gateway.yaml

            EXIT CODES
              0  done     1  what was asked for is at fault     2  wrong usage, or the gateway does not answer
            """,
        subcommands: [List.self, Create.self, Withdraw.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List a customer's keys, the oldest first.")

        @Argument(help: "The customer's id.")
        var customer: String

        @OptionGroup var admin: AdminArguments

        private struct Customer: Decodable {
            var api_keys: [CustomerKey]
        }

        func run() async throws {
            let answer = try await admin.ask(.GET, "/customers/\(customer.pathSegment)")
            if admin.json { return StandardStreams.write(answer) }
            let found = try JSONDecoder().decode(Customer.self, from: Data(answer.utf8))
            StandardStreams.write(TextTable(rows: found.api_keys.map { [$0.id, $0.created_at] }).text)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key, and print it this once.")

        @Argument(help: "The customer's id.")
        var customer: String

        @Argument(help: "What the log is to call the key.")
        var id: String

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            let body = String(decoding: try JSONEncoder().encode(["id": id]), as: UTF8.self)
            let answer = try await admin.ask(.POST, "/customers/\(customer.pathSegment)/keys", body: body)
            if admin.json { return StandardStreams.write(answer) }
            let made = try JSONDecoder().decode([String: String].self, from: Data(answer.utf8))
            StandardStreams.write("\(made["key"] ?? "")\n")
        }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Withdraw a key.")

        @Argument(help: "The customer's id.")
        var customer: String

        @Argument(help: "The key's id.")
        var id: String

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            _ = try await admin.ask(.DELETE, "/customers/\(customer.pathSegment)/keys/\(id.pathSegment)")
        }
    }
}
