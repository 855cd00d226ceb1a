import ArgumentParser
import Foundation
import Model
import NIOHTTP1

/// `daemun usage`: what a customer used of its quotas, and how to change that.
struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show what a customer used of its quotas, set it, or start anew.",
        discussion: """
            Asks the admin listener of the running gateway, which the configuration names. Changing anything takes its \
            token.

            EXAMPLES
              daemun usage acme gateway.yaml
              daemun usage acme --days 7 --json gateway.yaml
              daemun usage acme --quota month --set 100 gateway.yaml     as if 100 calls had been made
              daemun usage acme --quota month --reset gateway.yaml       all calls are there again
              DAEMUN_ADMIN_TOKEN=… daemun usage acme --admin 127.0.0.1:8081

            EXIT CODES
              0  done     1  there is no such customer or quota     2  wrong usage, or the gateway does not answer
            """
    )

    @Argument(help: "The customer's id.")
    var customer: String

    @Flag(help: "What was used in sandboxes, which is counted apart.")
    var sandbox = false

    @Option(help: "How many days back calls are listed by day.")
    var days: Int = 31

    @Option(help: "The quota to set or start anew; without it, all are started anew.")
    var quota: String?

    @Option(help: ArgumentHelp("The route, for quotas that count by route: 'API METHOD /path'."))
    var route: String?

    @Option(help: ArgumentHelp("Say that so many calls were used.", valueName: "calls"))
    var set: Int?

    @Flag(help: "Start the present day, week or month anew.")
    var reset = false

    @OptionGroup var admin: AdminArguments

    func validate() throws {
        if set != nil, reset { throw ValidationError("--set and --reset exclude each other.") }
        if set != nil, quota == nil { throw ValidationError("--set goes with --quota.") }
        if let set, set < 0 { throw ValidationError("--set is 0 or more, not \(set).") }
        if !(1...400).contains(days) { throw ValidationError("--days is 1…400, not \(days).") }
    }

    func run() async throws {
        var items = [URLQueryItem(name: "customer", value: customer), URLQueryItem(name: "days", value: "\(days)")]
        if sandbox { items.append(URLQueryItem(name: "sandbox", value: "true")) }
        if let quota { items.append(URLQueryItem(name: "quota", value: quota)) }
        if let route { items.append(URLQueryItem(name: "route", value: route)) }
        if let set { items.append(URLQueryItem(name: "used", value: "\(set)")) }
        var components = URLComponents()
        components.path = "/usage"
        components.queryItems = items
        let method = set != nil ? "PUT" : reset ? "DELETE" : "GET"
        let answer = try await admin.ask(HTTPMethod(rawValue: method), components.string ?? "/usage")
        if admin.json { return StandardStreams.write(answer) }
        let usage = try JSONDecoder().decode(Usage.self, from: Data(answer.utf8))
        StandardStreams.write(usage.text(StandardStreams.style))
    }
}

/// The gateway's answer.
private struct Usage: Decodable {
    struct Quota: Decodable {
        var name: String
        var route: String?
        var calls: Int
        var period: String
        var zone: String
        var ends: String
        var used: Int
        var remaining: Int
        var days: [Day]
    }

    struct Day: Decodable {
        var day: String
        var calls: Int
    }

    var customer: String
    var plan: String?
    var quotas: [Quota]

    func text(_ style: TextStyle) -> String {
        var text = style.bold(customer) + (plan.map { ", plan \($0)" } ?? ", without a plan") + "\n"
        for quota in quotas {
            let route = quota.route.map { " of \($0)" } ?? ""
            text += "\n\(quota.name)\(route): \(quota.used) of \(quota.calls) calls used, "
            text += "\(quota.remaining) left until \(quota.ends)\n"
            text += TextTable(rows: quota.days.map { ["  \($0.day)", "\($0.calls)"] }).text
        }
        return text
    }
}
