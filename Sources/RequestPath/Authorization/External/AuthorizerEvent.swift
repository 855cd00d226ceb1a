import Exchange
import Model
import NIOCore

/// What an external authorizer is told of a request, in the formats of Amazon's authorizer functions.
struct AuthorizerEvent {
    private let exchange: Exchange
    private let settings: ExternalAuthorization
    private let resource: String
    private let identity: [String]
    private let seconds: Double

    private let method: String
    private let path: String
    private let query: String
    private let fields: [(name: String, value: String)]

    /// - Parameters:
    ///   - resource: the ARN of what is called.
    ///   - identity: the values of the identity sources.
    ///   - seconds: the time, since 1970.
    init(
        _ exchange: Exchange,
        _ settings: ExternalAuthorization,
        resource: [UInt8],
        identity: [[UInt8]],
        seconds: Double
    ) {
        self.exchange = exchange
        self.settings = settings
        self.resource = String(decoding: resource, as: UTF8.self)
        self.identity = identity.map { String(decoding: $0, as: UTF8.self) }
        self.seconds = seconds
        let head = exchange.request
        method = String(buffer: head.bytes(of: head.method))
        query = head.hasQuery ? String(buffer: head.bytes(of: head.query)) : ""
        path = Self.path(of: exchange)
        fields = head.section.fields.map { field in
            (String(buffer: head.bytes(of: field.name)), String(buffer: head.bytes(of: field.value)))
        }
    }

    /// The path that was matched.
    static func path(of exchange: Exchange) -> String {
        let path = exchange.path
        let span = path.buffer.readableBytesUInt8Span.extracting(path.range.range)
        return unsafe span.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// The event as JSON.
    var body: ByteBuffer {
        switch settings.event {
        case .token:
            JSONObjectWriter.object { event in
                event.text("type", "TOKEN")
                event.text("authorizationToken", identity.first ?? "")
                event.text("methodArn", resource)
            }
        case .version1: JSONObjectWriter.object { version1(&$0) }
        case .version2: JSONObjectWriter.object { version2(&$0) }
        }
    }

    // MARK: Format 1.0

    private func version1(_ event: inout JSONObjectWriter) {
        event.text("version", "1.0")
        event.text("type", "REQUEST")
        event.text("methodArn", resource)
        event.text("identitySource", identity.joined(separator: ","))
        event.text("authorizationToken", identity.joined(separator: ","))
        event.text("resource", exchange.route?.resourcePath ?? "")
        event.text("path", path)
        event.text("httpMethod", method)
        write(fields, as: "headers", "multiValueHeaders", to: &event)
        write(parameters, as: "queryStringParameters", "multiValueQueryStringParameters", to: &event)
        writePathParameters(to: &event)
        event.object("stageVariables") { _ in }
        event.object("requestContext") { context in
            writeIdentifiers(to: &context)
            context.text("resourceId", exchange.route?.resourcePath ?? "")
            context.text("resourcePath", exchange.route?.resourcePath ?? "")
            context.text("httpMethod", method)
            context.text("path", path)
            context.text("protocol", protocolName)
            context.text("requestTime", LogTime.text(seconds))
            context.number("requestTimeEpoch", Int64(seconds * 1_000))
            context.object("identity") { identity in
                identity.text("sourceIp", exchange.clientAddress.description)
                identity.text("userAgent", exchange.request.text(ofField: "user-agent") ?? "")
                writeCertificate(to: &identity)
            }
        }
    }

    /// Of what comes several times the last counts, and all are in the other member.
    private func write(
        _ pairs: [(name: String, value: String)],
        as single: String,
        _ multiple: String,
        to event: inout JSONObjectWriter
    ) {
        var order: [String] = []
        var values: [String: [String]] = [:]
        for (name, value) in pairs {
            if values[name] == nil { order.append(name) }
            values[name, default: []].append(value)
        }
        event.object(single) { object in for name in order { object.text(name, values[name]?.last ?? "") } }
        event.object(multiple) { object in for name in order { object.list(name, values[name] ?? []) } }
    }

    // MARK: Format 2.0

    private func version2(_ event: inout JSONObjectWriter) {
        event.text("version", "2.0")
        event.text("type", "REQUEST")
        event.text("routeArn", resource)
        event.list("identitySource", identity)
        event.text("routeKey", exchange.route?.routeKey ?? "")
        event.text("rawPath", path)
        event.text("rawQueryString", query)
        let cookies = fields.filter { $0.name.lowercased() == "cookie" }
            .flatMap { $0.value.split(separator: ";").map { String($0.drop { $0 == " " }) } }
        if !cookies.isEmpty { event.list("cookies", cookies) }
        let others = fields.map { (name: $0.name.lowercased(), value: $0.value) }.filter { $0.name != "cookie" }
        writeJoined(others, as: "headers", to: &event)
        writeJoined(parameters, as: "queryStringParameters", to: &event)
        event.object("requestContext") { context in
            writeIdentifiers(to: &context)
            if exchange.clientCertificate != nil {
                context.object("authentication") { writeCertificate(to: &$0) }
            } else {
                context.null("authentication")
            }
            context.object("http") { http in
                http.text("method", method)
                http.text("path", path)
                http.text("protocol", protocolName)
                http.text("sourceIp", exchange.clientAddress.description)
                http.text("userAgent", exchange.request.text(ofField: "user-agent") ?? "")
            }
            context.text("routeKey", exchange.route?.routeKey ?? "")
            context.text("time", LogTime.text(seconds))
            context.number("timeEpoch", Int64(seconds * 1_000))
        }
        writePathParameters(to: &event)
        event.object("stageVariables") { _ in }
    }

    /// What comes several times has commas between.
    private func writeJoined(
        _ pairs: [(name: String, value: String)],
        as member: String,
        to event: inout JSONObjectWriter
    ) {
        var order: [String] = []
        var values: [String: String] = [:]
        for (name, value) in pairs {
            if let known = values[name] {
                values[name] = known + "," + value
            } else {
                order.append(name)
                values[name] = value
            }
        }
        event.object(member) { object in for name in order { object.text(name, values[name] ?? "") } }
    }

    // MARK: Pieces

    private func writeIdentifiers(to context: inout JSONObjectWriter) {
        let authority = String(buffer: exchange.request.bytes(of: exchange.request.authority))
        let host = authority.hasPrefix("[") ? authority : String(authority.prefix { $0 != ":" })
        context.text("accountId", settings.account)
        context.text("apiId", exchange.route?.api ?? "")
        context.text("domainName", host)
        context.text("domainPrefix", String(host.prefix { $0 != "." }))
        exchange.requestID.withText { span in
            context.text("requestId", unsafe span.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
        }
        context.text("stage", exchange.route?.stage ?? "")
    }

    private func writeCertificate(to object: inout JSONObjectWriter) {
        guard let certificate = exchange.clientCertificate else { return }
        object.object("clientCert") { object in
            object.text("clientCertPem", certificate.pem)
            object.text("subjectDN", certificate.subject)
            object.text("issuerDN", certificate.issuer)
            object.text("serialNumber", certificate.serialNumber)
            object.object("validity") { validity in
                validity.text("notBefore", certificate.notBefore)
                validity.text("notAfter", certificate.notAfter)
            }
        }
    }

    private var protocolName: String {
        switch exchange.request.version {
        case .http10: "HTTP/1.0"
        case .http11: "HTTP/1.1"
        case .http2: "HTTP/2.0"
        }
    }

    private var parameters: [(name: String, value: String)] {
        query.split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            let value = pair.dropFirst(name.count + 1)
            return (
                PercentEncoding.text(Array(name.utf8).span, plusIsBlank: true),
                PercentEncoding.text(Array(value.utf8).span, plusIsBlank: true)
            )
        }
    }

    /// The parameters' names stand in the route's path, in the order of their values.
    private func writePathParameters(to event: inout JSONObjectWriter) {
        let segments = (exchange.route?.resourcePath ?? "").split(separator: "/")
        let names = segments.filter { $0.hasPrefix("{") }.map { $0.dropFirst().prefix { $0 != "+" && $0 != "}" } }
        let path = exchange.path
        event.object("pathParameters") { object in
            let whole = path.buffer.readableBytesUInt8Span.extracting(path.range.range)
            for (index, name) in names.prefix(exchange.parameters.count).enumerated() {
                let range = exchange.parameters.ranges[index].range
                guard range.upperBound <= whole.count else { continue }
                object.text(String(name), PercentEncoding.text(whole.extracting(range), plusIsBlank: false))
            }
        }
    }
}

/// Times as Amazon's events and the common log format write them: `12/Mar/2020:19:03:58 +0000`.
enum LogTime {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// - Parameter seconds: since 1970.
    static func text(_ seconds: Double) -> String {
        let seconds = Int(seconds)
        let (days, rest) = (seconds / 86_400, seconds % 86_400)
        // Years that begin in March, so that the leap day is the last (H. Hinnant, "chrono-compatible low-level date algorithms").
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * part + 2) / 5 + 1
        let month = part < 10 ? part + 2 : part - 10
        let year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)
        let clock = [rest / 3_600, rest / 60 % 60, rest % 60].map(padded).joined(separator: ":")
        return "\(padded(day))/\(months[month])/\(year):\(clock) +0000"
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
