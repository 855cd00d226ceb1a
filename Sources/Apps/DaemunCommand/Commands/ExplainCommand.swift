import ArgumentParser
import Authorization
import Dispatch
import Model
import Synchronization

/// `daemun explain`: which way a request would take, and why not the others.
struct ExplainCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which API, route and backend a request would reach, and why not the others.",
        discussion: """
            URL is a whole one, of which the host is what the client sends as Host, or a path. It is not sent. With a
            token, the issuer's keys are fetched where they are not in a file. Plans and customers that are managed
            while the gateway runs are asked of its admin listener.

            EXAMPLES
              daemun explain GET http://api.test.com/v1.0/orders/7 gateway.yaml
              daemun explain DELETE /v1.0/orders/7 --header 'Host: api.test.com' gateway.yaml
              daemun explain GET /v1.0/orders/7 --token "$TOKEN" gateway.yaml
              daemun explain GET /v1.0/orders/7 --customer acme gateway.yaml
              daemun explain --json GET /hello gateway.yaml | jq .answer

            EXIT CODES
              0  a route takes the request     1  none does, or the configuration has faults     2  wrong usage
            """
    )

    @Argument(help: "The method, such as GET.")
    var method: String

    @Argument(help: "http://host/path?query, or /path?query.")
    var url: RequestURL

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("A header field, 'Name: value'. Of all fields only Host decides where a request goes.")
    )
    var header: [HeaderArgument] = []

    @Option(help: "A token: say what the route's authorizers think of it, and which check fails.")
    var token: String?

    @Option(help: "A customer's id: say where their request goes, once they are known.")
    var customer: String?

    @OptionGroup var input: ConfigurationArguments

    @Flag(
        help: """
            Print an object with request, answer, api, route, steps, limits, tokens, customer, integration, apis, routes and \
            notice.
            """
    )
    var json = false

    func report(_ style: TextStyle) throws -> Report {
        let file: Model
        switch try input.model() {
        case .success(let read): file = read
        case .failure(let faults): return .faults(faults, style)
        }
        let declared = file.customers.first { $0.id == customer }
        var store = StoreInquiry(file)
        if file.dataFolder != nil {
            let asked = declared == nil ? customer : nil
            store = Self.wait { [store] in await store.asked(of: asked) }
        }
        let model = store.model
        let host = header.last { $0.name.lowercased() == "host" }?.value ?? url.authority
        let request = ExplainedRequest.Request(method: method, host: host, path: url.path, query: url.query)
        var explained: ExplainedRequest
        do throws(Faults) {
            let authorization = try AuthorizationPlan(model)
            let caller = declared ?? store.customer
            if let customer, caller == nil { throw Self.unknown(customer, store) }
            explained = try ExplainedRequest(request, by: model, authorization, customer: caller)
            explained.notice = store.notice
            if let token, let access = explained.access {
                explained.tokens = Self.wait { await authorization.explain(token, by: access) }.map(ExplainedToken.init)
            }
        } catch {
            return .faults(error, style)
        }
        if json { return try .json(explained, isAtFault: explained.route == nil) }
        return Report(output: explained.text(style), isAtFault: explained.route == nil)
    }
}

extension ExplainCommand {
    fileprivate static func unknown(_ id: String, _ store: StoreInquiry) -> Faults {
        let reason = store.notice.map { " in the configuration; those of the store: \($0)" } ?? ""
        return Faults([Fault("no customer has this id\(reason)", text: id)])
    }

    /// Waits for what is asynchronous. The command has nothing else to do.
    fileprivate static func wait<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
        let done = DispatchSemaphore(value: 0)
        let result = Box<Value>()
        Task.detached {
            let value = await body()
            result.value.withLock { $0 = value }
            done.signal()
        }
        while true {
            done.wait()
            if let value = result.value.withLock({ $0 }) { return value }
        }
    }

    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
}

/// The URL of a request, kept as it was written.
struct RequestURL: ExpressibleByArgument {
    /// Empty when only a path was given.
    var authority: String
    var path: String
    var query: String?

    init?(argument: String) {
        var rest = argument.prefix { $0 != "#" }
        authority = ""
        for scheme in ["http://", "https://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            authority = String(rest.prefix { $0 != "/" && $0 != "?" })
            rest = rest.dropFirst(authority.count)
            if !rest.hasPrefix("/") { rest = "/" + rest }
        }
        guard rest.hasPrefix("/") else { return nil }
        path = String(rest.prefix { $0 != "?" })
        query = rest.firstIndex(of: "?").map { String(rest[$0...].dropFirst()) }
    }
}

/// A header field, as `Name: value`.
struct HeaderArgument: ExpressibleByArgument {
    var name: String
    var value: String

    init?(argument: String) {
        guard let colon = argument.firstIndex(of: ":"), colon != argument.startIndex else { return nil }
        name = String(argument[..<colon])
        value = String(argument[colon...].dropFirst().drop { $0 == " " })
    }
}
