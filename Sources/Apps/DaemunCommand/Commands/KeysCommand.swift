import ArgumentParser
import Foundation
import NIOHTTP1

/// `daemun keys`: the API keys and signing keys of customers that are managed while the gateway runs.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "List, make and withdraw the keys of a customer of the running gateway.",
        discussion: """
            Several keys of a customer hold at once, so that a new one can be handed out before the old one goes.

            EXAMPLES
              daemun keys create acme 2027 gateway.yaml       prints the key, this once
              daemun keys list acme gateway.yaml
              daemun keys withdraw acme 2026 gateway.yaml
              daemun keys create acme acme-2027 --signing gateway.yaml      what requests are signed with: prints a secret
              daemun keys create acme acme-ed --signing --public-key acme.pem gateway.yaml
              daemun keys withdraw acme acme-2026 --signing gateway.yaml

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
            var signing_keys: [CustomerSigningKey]
        }

        func run() async throws {
            let answer = try await admin.ask(.GET, "/customers/\(customer.pathSegment)")
            if admin.json { return StandardStreams.write(answer) }
            let found = try JSONDecoder().decode(Customer.self, from: Data(answer.utf8))
            let rows = found.api_keys.map { [$0.id, $0.created_at, $0.sandbox == true ? "sandbox" : ""] }
            let signing = found.signing_keys.map { [$0.id, $0.created_at, $0.words] }
            StandardStreams.write(TextTable(rows: rows + signing).text)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key, and print it this once.")

        @Argument(help: "The customer's id.")
        var customer: String

        @Argument(help: "What the log is to call the key; of a signing key, its \"keyid\".")
        var id: String

        @Flag(help: "Make it for sandboxes, and nothing else.")
        var sandbox = false

        @Flag(help: "Make a secret for signatures (hmac-sha256) instead, or take in a public key.")
        var signing = false

        @Option(help: ArgumentHelp("With --signing: a public key in PEM, or a JWK.", valueName: "file"))
        var publicKey: String?

        @Option(help: ArgumentHelp("With --signing: the secret, up to the end of its line.", valueName: "file"))
        var secretFile: String?

        @Option(help: "With --signing: the one algorithm of the key, as rsa-v1_5-sha256.")
        var algorithm: String?

        @OptionGroup var admin: AdminArguments

        func validate() throws {
            if !signing, publicKey != nil || secretFile != nil || algorithm != nil {
                throw ValidationError("--public-key, --secret-file and --algorithm go with --signing.")
            }
            if signing, sandbox { throw ValidationError("Sandboxes take no signing keys.") }
            if publicKey != nil, secretFile != nil {
                throw ValidationError("--public-key and --secret-file exclude each other.")
            }
        }

        func run() async throws {
            var members = ["id": id]
            members["public_key"] = try publicKey.map { try KeyFile.text(of: $0) }
            members["secret"] = try secretFile.map { try KeyFile.line(of: $0) }
            members["algorithm"] = algorithm
            let encoded = try sandbox ? JSONEncoder().encode(SandboxKey(id: id)) : JSONEncoder().encode(members)
            let body = String(decoding: encoded, as: UTF8.self)
            let kind = signing ? "signing-keys" : "keys"
            let answer = try await admin.ask(.POST, "/customers/\(customer.pathSegment)/\(kind)", body: body)
            if admin.json { return StandardStreams.write(answer) }
            let made = try JSONDecoder().decode([String: String].self, from: Data(answer.utf8))
            if let secret = made["key"] ?? made["secret"] { StandardStreams.write("\(secret)\n") }
        }
    }

    private struct SandboxKey: Encodable {
        var id: String
        var sandbox = true
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Withdraw a key.")

        @Argument(help: "The customer's id.")
        var customer: String

        @Argument(help: "The key's id.")
        var id: String

        @Flag(help: "It is a signing key.")
        var signing = false

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            let kind = signing ? "signing-keys" : "keys"
            _ = try await admin.ask(.DELETE, "/customers/\(customer.pathSegment)/\(kind)/\(id.pathSegment)")
        }
    }
}

/// What a customer signs requests with, without a secret.
struct CustomerSigningKey: Decodable {
    var id: String
    var created_at: String
    var kind: String
    var algorithm: String?

    var words: String { ["signing", kind, algorithm].compactMap(\.self).joined(separator: " ") }
}
