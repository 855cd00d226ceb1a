import Foundation
import HTTPTypes
import Model

/// Answers the operator's requests. Free of sockets.
///
/// | path | answer |
/// |---|---|
/// | `/livez` | 200 while the process lives |
/// | `/readyz` | 200, or 503 with the reasons |
/// | `/metrics` | Prometheus text; for who has the token, if there is one |
/// | `/snapshot` | what is served, and why nothing newer; the same |
/// | `/customers…` | see `CustomerResponder`; changes need a token |
/// | `/plans…` | see `PlanResponder`; the same |
/// | `/backend-tables…` | see `BackendTableResponder`; the same |
/// | `/usage` | what a customer used of its quotas; the same |
struct AdminResponder: Sendable {
    let status: any GatewayStatus
    let hosts: AdminHosts
    /// `nil` asks for none.
    let token: Secret?
    /// Answers AWS's tools; `nil` for nobody.
    var management: ManagementResponder?

    private static let open = ["/livez", "/readyz"]
    private static let guarded = ["/metrics", "/snapshot", usagePath]

    /// The answer to a request; its body is to be left out for HEAD.
    /// - Parameter body: reads the request's body; throws when it has more bytes than are told.
    func answer(
        to request: HTTPRequest,
        body: (_ mostBytes: Int) async throws -> [UInt8] = { _ in [] }
    ) async -> AdminAnswer {
        guard let authority = request.authority, hosts.contains(authority) else {
            return AdminAnswer(
                .misdirectedRequest,
                Complaint(error: "Host has to be localhost or the address of this listener")
            )
        }
        if let management, management.takes(request) { return await management.answer(to: request, body: body) }
        let path = String((request.path ?? "").prefix { $0 != "?" })
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if let first = parts.first, let subject = Subject(rawValue: String(first)) {
            let decoded = parts.dropFirst().compactMap { $0.isEmpty ? nil : String($0).removingPercentEncoding }
            guard decoded.count == parts.count - 1 else {
                return AdminAnswer(.badRequest, Complaint(error: "\(path) is no path"))
            }
            return await answer(to: request, about: subject, decoded, body: body)
        }
        guard Self.open.contains(path) || Self.guarded.contains(path) else {
            return AdminAnswer(.notFound, Complaint(error: "there is no \(path)", paths: Self.open + Self.guarded))
        }
        let methods: [HTTPRequest.Method] = path == Self.usagePath ? [.get, .head, .put, .delete] : [.get, .head]
        guard methods.contains(request.method) else {
            let names = methods.map(\.rawValue)
            let list = names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
            var answer = AdminAnswer(.methodNotAllowed, Complaint(error: "\(path) takes \(list)"))
            answer.fields[.allow] = names.joined(separator: ", ")
            return answer
        }
        guard Self.open.contains(path) || isTrusted(request) else {
            return unauthorized(path)
        }
        switch path {
        case "/metrics":
            return AdminAnswer(.ok, type: "text/plain; version=0.0.4; charset=utf-8", body: await status.metrics())
        case "/readyz":
            let reasons = await status.readiness()
            return AdminAnswer(
                reasons.isEmpty ? .ok : .serviceUnavailable,
                Readiness(ready: reasons.isEmpty, reasons: reasons)
            )
        case "/snapshot": return AdminAnswer(.ok, await status.snapshot())
        case Self.usagePath: return await answerUsage(to: request)
        default: return AdminAnswer(.ok, Liveness(live: true))
        }
    }

    /// What operators manage while the gateway runs.
    private enum Subject: String {
        case customers
        case plans
        case backendTables = "backend-tables"
    }

    private func answer(
        to request: HTTPRequest,
        about subject: Subject,
        _ path: [String],
        body: (_ mostBytes: Int) async throws -> [UInt8]
    ) async -> AdminAnswer {
        let administration = await status.administration()
        let tables = await status.backendTables()
        if let reason = Self.reason(against: subject, administration == nil, tables == nil) {
            return AdminAnswer(.notFound, Complaint(error: reason))
        }
        let isReading = request.method == .get || request.method == .head
        guard isReading || token != nil else {
            let reason = "changes are made with a token only: set admin.token in the configuration"
            return AdminAnswer(.forbidden, Complaint(error: reason))
        }
        guard isTrusted(request) else { return unauthorized("/\(subject.rawValue)") }
        guard let bytes = try? await body(AdminListener.mostBodyBytes) else {
            let rule = "a body has at most \(AdminListener.mostBodyBytes) bytes"
            return AdminAnswer(.contentTooLarge, Complaint(error: rule))
        }
        let query = String((request.path ?? "").split(separator: "?", maxSplits: 1).dropFirst().first ?? "")
        switch (subject, administration, tables) {
        case (.customers, let customers?, _):
            return await CustomerResponder(customers: customers).answer(request.method, path, query: query, body: bytes)
        case (.plans, let plans?, _):
            return await PlanResponder(plans: plans).answer(request.method, path, body: bytes)
        case (.backendTables, let customers, let tables?):
            return await BackendTableResponder(tables: tables, customers: customers)
                .answer(request.method, path, query: query, body: bytes)
        default: return AdminAnswer(.notFound, Complaint(error: "there is no such subject"))
        }
    }

    private static func reason(against subject: Subject, _ isWithoutFolder: Bool, _ isWithoutTables: Bool) -> String? {
        switch subject {
        case .customers where isWithoutFolder, .plans where isWithoutFolder:
            "no \(subject) can be managed: the configuration has no folder for them, \"data\""
        case .backendTables where isWithoutTables:
            "no API has a table of backends: \"backend_table: true\" gives it one"
        default: nil
        }
    }

    private func unauthorized(_ path: String) -> AdminAnswer {
        var answer = AdminAnswer(
            .unauthorized,
            Complaint(error: "\(path) asks for the token of the admin listener")
        )
        answer.fields[.wwwAuthenticate] = "Bearer"
        return answer
    }

    /// Whether the request has the token, in the way of RFC 6750, 2.1.
    private func isTrusted(_ request: HTTPRequest) -> Bool {
        guard let token else { return true }
        let parts = (request.headerFields[.authorization] ?? "").split(separator: " ")
        return parts.count == 2 && parts[0].lowercased() == "bearer" && token.matches(parts[1])
    }

    struct Complaint: Encodable {
        var error: String
        var paths: [String]?
    }

    private struct Liveness: Encodable {
        var live: Bool
    }

    private struct Readiness: Encodable {
        var ready: Bool
        var reasons: [String]
    }
}

/// One answer: status, fields and body.
struct AdminAnswer: Sendable {
    var status: HTTPResponse.Status
    var fields: HTTPFields
    var body: String

    /// - Parameter type: the media type; `nil` for an answer without content.
    init(_ status: HTTPResponse.Status, type: String?, body: String) {
        self.status = status
        self.body = body
        fields = [.cacheControl: "no-store", .xContentTypeOptions: "nosniff"]
        guard let type else { return }
        fields[.contentType] = type
        fields[.contentLength] = String(body.utf8.count)
    }

    /// An answer in JSON.
    init(_ status: HTTPResponse.Status, _ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and finite numbers can always be encoded.
        let body = (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        self.init(status, type: "application/json", body: body + "\n")
    }
}
