import Exchange
import Model
import NIOCore

/// What a listener itself does with requests before they are routed, and with the answers of all of them: challenges of
/// ACME, the redirect to HTTPS, Strict-Transport-Security. A listener without any of it has no entrance.
final class Entrance: Sendable {
    /// The whole line of `Strict-Transport-Security` without its end; `nil` without such a statement.
    let strictTransport: ByteBuffer?
    /// Its value alone.
    let strictTransportValue: String?
    private let redirectPort: Int?
    private let challenges: ChallengeFolder?

    init?(_ listener: Listener) {
        strictTransportValue = listener.tls?.strictTransport?.value
        strictTransport = strictTransportValue.map { ByteBuffer(string: "Strict-Transport-Security: \($0)") }
        redirectPort = listener.redirectPort
        challenges = listener.challengeFolder.map { ChallengeFolder(path: $0) }
        if strictTransport == nil, redirectPort == nil, challenges == nil { return nil }
    }

    /// The known fields of a backend's response that a client does not get: the listener's own statement of
    /// Strict-Transport-Security replaces theirs, since a browser heeds but the first (RFC 6797, 8.1).
    var replacedFields: FieldNameSet { strictTransport == nil ? [] : FieldNameSet(.strictTransportSecurity) }

    /// Answers a request that goes no further than the listener.
    /// - Returns: whether it was one.
    func answers(_ exchange: Exchange) -> Bool {
        if let challenges, let token = ChallengeFolder.token(in: exchange.request) {
            challenges.answer(exchange, token: token)
            return true
        }
        guard let redirectPort else { return false }
        redirect(exchange, to: redirectPort)
        return true
    }

    /// 308, so that no method and no body is lost on the way (RFC 9110, 15.4.9).
    private func redirect(_ exchange: Exchange, to port: Int) {
        let request = exchange.request
        let authority = String(buffer: request.bytes(of: request.authority))
        guard !authority.isEmpty else {
            exchange.refuse(
                Refusal(status: 400, cause: "redirect.no-host", message: "Ask by HTTPS, or name the host")
            )
            return
        }
        var location = "https://" + authority.withoutPort
        if port != 443 { location += ":\(port)" }
        let path = String(buffer: request.bytes(of: request.path))
        // `OPTIONS *` asks about the server as a whole.
        location += path == "*" ? "/" : path
        if request.hasQuery { location += "?" + String(buffer: request.bytes(of: request.query)) }
        exchange.client?.send(Reply(status: 308, fields: [ReplyField("Location", location)]))
    }
}

extension StrictTransport {
    /// The field's value (RFC 6797, 6.1).
    fileprivate var value: String {
        var value = "max-age=\(maximumAge.components.seconds)"
        if includesSubdomains { value += "; includeSubDomains" }
        if mayBePreloaded { value += "; preload" }
        return value
    }
}

extension String {
    /// An authority's host.
    fileprivate var withoutPort: String {
        guard let colon = lastIndex(of: ":"), self[colon...].dropFirst().allSatisfy(\.isNumber) else { return self }
        return String(self[..<colon])
    }
}
