import ArgumentParser
import Foundation
import NIOHTTP1

/// The live tables of customers' backends.
extension RoutesCommand {
    /// Whose row of which table.
    struct RowArguments: ParsableArguments {
        @Argument(help: "The API's name.")
        var api: String

        @Option(
            help: ArgumentHelp(
                "The route, as the file writes it. Without it, all routes of the API that have no row.",
                valueName: "key"
            )
        )
        var route: String?

        @Option(help: ArgumentHelp("The customer's id.", valueName: "id"))
        var customer: String

        /// The row's place at the admin listener.
        var target: String {
            let path = "/backend-tables/\(api.pathSegment)/\(customer.pathSegment)"
            return path + (route.map { "?route=" + $0.pathSegment } ?? "")
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a customer's calls go to another backend of the file, on one route or all of an API."
        )

        @OptionGroup var row: RowArguments

        @Option(help: ArgumentHelp("The backend, one of \"backends\" in the file.", valueName: "name"))
        var backend: String

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            let body = String(
                decoding: try JSONSerialization.data(withJSONObject: ["backend": backend]),
                as: UTF8.self
            )
            let answer = try await admin.ask(.PUT, row.target, body: body)
            if admin.json { return StandardStreams.write(answer) }
            let made = try JSONDecoder().decode(MadeRow.self, from: Data(answer.utf8))
            guard !made.isKnown else { return }
            StandardStreams.writeError("daemun: the row is set; this gateway knows no customer \(row.customer) yet\n")
        }
    }

    struct Unset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a customer's calls go where they would without the row."
        )

        @OptionGroup var row: RowArguments

        @OptionGroup var admin: AdminArguments

        func run() async throws { _ = try await admin.ask(.DELETE, row.target) }
    }

    struct Table: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the rows of the tables, and which of them do not count.",
            discussion: "What may be wrong with a table goes to standard error: that Redis is away, say."
        )

        @Option(help: ArgumentHelp("The rows of this API alone.", valueName: "name"))
        var api: String?

        @Option(help: ArgumentHelp("The rows of this customer alone.", valueName: "id"))
        var customer: String?

        @OptionGroup var admin: AdminArguments

        func run() async throws {
            var apis = api.map { [$0] } ?? []
            if api == nil {
                let answer = try await admin.ask(.GET, "/backend-tables")
                apis = try JSONDecoder().decode(TableList.self, from: Data(answer.utf8)).tables.map(\.api)
            }
            var answers: [String] = []
            for api in apis {
                let query = customer.map { "?customer=" + $0.pathSegment } ?? ""
                answers.append(try await admin.ask(.GET, "/backend-tables/\(api.pathSegment)\(query)"))
            }
            if admin.json {
                let tables = answers.map { $0.trimmingCharacters(in: .newlines) }.joined(separator: ",")
                return StandardStreams.write("[\(tables)]\n")
            }
            var table = TextTable(rows: [["API", "CUSTOMER", "ROUTE", "BACKEND"]])
            for answer in answers {
                let served = try JSONDecoder().decode(ServedTable.self, from: Data(answer.utf8))
                if let problem = served.problem { StandardStreams.writeError("daemun: \(served.api): \(problem)\n") }
                table.rows += served.rows.map { row in
                    let note = row.ignored.map { ["ignored: \($0)"] } ?? []
                    return [served.api, row.customer, row.route ?? "all", row.backend] + note
                }
            }
            StandardStreams.write(table.text)
        }
    }
}

/// The gateway's answers.
private struct MadeRow: Decodable {
    var isKnown: Bool

    private enum CodingKeys: String, CodingKey {
        case isKnown = "customer_known"
    }
}

private struct TableList: Decodable {
    struct Table: Decodable {
        var api: String
    }

    var tables: [Table]
}

private struct ServedTable: Decodable {
    struct Row: Decodable {
        var customer: String
        var route: String?
        var backend: String
        var ignored: String?
    }

    var api: String
    var problem: String?
    var rows: [Row]
}
