import Foundation
import HTTPTypes

/// Answers the operator's requests. Free of sockets.
///
/// | path | answer |
/// |---|---|
/// | `/livez` | 200 while the process lives |
/// | `/readyz` | 200, or 503 with the reasons |
/// | `/metrics` | Prometheus text |
/// | `/snapshot` | what is served, and why nothing newer |
struct AdminResponder: Sendable {
    let status: any GatewayStatus
    let hosts: AdminHosts

    private static let paths = ["/livez", "/metrics", "/readyz", "/snapshot"]

    /// The answer to a request whose `Host` is `authority`; its body is to be left out for HEAD.
    func answer(to method: HTTPRequest.Method, _ target: String, authority: String?) async -> AdminAnswer {
        guard let authority, hosts.contains(authority) else {
            return AdminAnswer(
                .misdirectedRequest,
                Complaint(error: "Host has to be localhost or the address of this listener")
            )
        }
        let path = String(target.prefix { $0 != "?" })
        guard Self.paths.contains(path) else {
            return AdminAnswer(.notFound, Complaint(error: "there is no \(path)", paths: Self.paths))
        }
        guard method == .get || method == .head else {
            var answer = AdminAnswer(.methodNotAllowed, Complaint(error: "\(path) takes GET and HEAD"))
            answer.fields[.allow] = "GET, HEAD"
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
        default: return AdminAnswer(.ok, Liveness(live: true))
        }
    }

    private struct Complaint: Encodable {
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
