import Crypto
import Exchange
import Model
import NIOCore
import NIOEmbedded

@testable import Authorization

/// The secret of the tests' tokens.
let tokenSecret = "0123456789abcdef0123456789abcdef"

/// A token by HS256 with these claims, written as JSON.
func token(_ claims: String, secret: String = tokenSecret) -> String {
    let signed = "\(base64url(Array("{\"alg\":\"HS256\"}".utf8))).\(base64url(Array(claims.utf8)))"
    let key = SymmetricKey(data: Array(secret.utf8))
    let code = HMAC<SHA256>.authenticationCode(for: Array(signed.utf8), using: key)
    return "\(signed).\(base64url(Array(code)))"
}

/// The claims of a token that is good.
func claims(_ more: String = "") -> String {
    "{\"iss\":\"https://issuer.test\",\"aud\":\"orders\",\"sub\":\"someone\",\"exp\":4000000000\(more)}"
}

private func base64url(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let part = Array(bytes[start..<min(start + 3, bytes.count)])
        let word = (0..<3).reduce(0) { $0 << 8 | ($1 < part.count ? Int(part[$1]) : 0) }
        for index in 0...part.count { text.append(digits[word >> (18 - 6 * index) & 63]) }
    }
    return text
}

/// An authorizer of tokens by that secret.
func tokens(scopes: [String] = [], customer: String? = nil, cache: Duration = .seconds(300)) -> Authorizer {
    let rules = TokenAuthorization(
        issuers: ["https://issuer.test"],
        audiences: ["orders"],
        keys: .secret(Secret(tokenSecret)),
        scopes: scopes,
        customerClaim: customer
    )
    return Authorizer(name: "tokens", kind: .token(rules), cache: cache)
}

/// One worker without sockets, and the exchange of a call on it.
final class Bench {
    let loop = EmbeddedEventLoop()
    let exchange: Exchange
    let handler = Recorder()

    init(_ fields: [(String, String)] = [], query: String? = nil) {
        let worker = WorkerContext(eventLoop: loop, seed: 1)
        exchange = Exchange(worker: worker)
        exchange.handler = handler
        set(fields, query: query)
    }

    /// Has the exchange hold another request.
    func set(_ fields: [(String, String)], query: String? = nil) {
        var bytes = ByteBuffer(string: "GET /?")
        var head = RequestHead()
        head.hasQuery = query != nil
        head.query = ByteRange(start: bytes.readableBytes, count: (query ?? "").utf8.count)
        bytes.writeString("\(query ?? "") HTTP/1.1\r\n")
        for (name, value) in fields {
            let nameRange = ByteRange(start: bytes.readableBytes, count: name.utf8.count)
            bytes.writeString("\(name): ")
            let valueRange = ByteRange(start: bytes.readableBytes, count: value.utf8.count)
            bytes.writeString("\(value)\r\n")
            let known = exchange.worker.fieldNames.name(
                in: bytes.readableBytesUInt8Span,
                at: Int(nameRange.start),
                count: Int(nameRange.count)
            )
            head.section.fields.append(Field(name: nameRange, value: valueRange, known: known, isCanonical: true))
            if known != .other { head.section.names.formUnion(FieldNameSet(known)) }
        }
        bytes.writeString("\r\n")
        head.bytes = bytes
        exchange.request = head
    }

    /// The names of the request's fields.
    var fieldNames: [String] {
        exchange.request.section.fields.map { String(buffer: exchange.request.bytes(of: $0.name)) }
    }

    /// Runs a route's step; `next`, or the cause of what it refuses, `nil` when it waits.
    func run(_ access: AccessRule?, of plan: AuthorizationPlan, reserved: Set<String> = []) throws -> String? {
        let route = Route(key: .default, integration: .mock(MockIntegration()), access: access)
        guard let step = try plan.step(for: route, reserved: reserved) else { return "next" }
        return Recorder.text(step.run(exchange))
    }
}

/// Keeps the verdicts that steps have waited for.
final class Recorder: ExchangeHandler {
    private(set) var verdicts: [String] = []

    static func text(_ verdict: Verdict) -> String? {
        switch verdict {
        case .next: "next"
        case .wait: nil
        case .refuse(let refusal): "\(refusal.status) \(refusal.cause)"
        case .reply(let reply): "\(reply.status)"
        }
    }

    func resume(_ exchange: Exchange, with verdict: Verdict) { verdicts.append(Self.text(verdict) ?? "wait") }
    func begin(_ exchange: Exchange) {}
    func connectionOpened() {}
    func connectionClosed() {}
    func tunnelOpened(_ exchange: Exchange) {}
    func tunnelClosed() {}
    func handshakeEnded(_ result: HandshakeResult) {}
    func connectionRefused(_ reason: ConnectionRefusal) {}
    func end(_ exchange: Exchange) {}
}
