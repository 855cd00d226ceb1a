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
/// | `/usage` | what a customer used of its quotas; the same |
struct AdminResponder: Sendable {
    let status: any GatewayStatus
    let hosts: AdminHosts
    /// `nil` asks for none.
    let token: Secret?

    private static let open = ["/livez", "/readyz"]
    private static let guarded = ["/metrics", "/snapshot", usagePath]

    /// The answer to a request; its body is to be left out for HEAD.
    func answer(to request: HTTPRequest) async -> AdminAnswer {
        guard let authority = request.authority, hosts.contains(authority) else {
            return AdminAnswer(
                .misdirectedRequest,
                Complaint(error: "Host has to be localhost or the address of this listener")
            )
        }
        let path = String((request.path ?? "").prefix { $0 != "?" })
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
            var answer = AdminAnswer(
                .unauthorized,
                Complaint(error: "\(path) asks for the token of the admin listener")
            )
            answer.fields[.wwwAuthenticate] = "Bearer"
            return answer
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

    init(_ status: HTTPResponse.Status, type: String, body: String) {
        self.status = status
        self.body = body
        fields = [
            .contentType: type,
            .contentLength: String(body.utf8.count),
            .cacheControl: "no-store",
            .xContentTypeOptions: "nosniff",
        ]
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
