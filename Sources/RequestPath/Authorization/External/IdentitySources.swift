import Exchange
import Model
import NIOCore

/// The parts of a request by which an external authorizer tells callers apart.
struct IdentitySources: Sendable {
    private enum Source: Sendable {
        case field(CredentialField)
        case context(ExternalAuthorization.ContextFact)
    }

    enum Found {
        /// The values in the order of the sources.
        case values([[UInt8]])
        /// One is not there, or empty.
        case missing
        /// One is there more than once, and no telling which was meant.
        case several
    }

    private let sources: [Source]

    init(_ declared: [ExternalAuthorization.IdentitySource]) {
        sources = declared.map { source in
            switch source {
            case .header(let name): .field(CredentialField(.header(name)))
            case .query(let name): .field(CredentialField(.query(name)))
            case .context(let fact): .context(fact)
            }
        }
    }

    var isEmpty: Bool { sources.isEmpty }

    func find(in exchange: Exchange) -> Found {
        var values: [[UInt8]] = []
        values.reserveCapacity(sources.count)
        for source in sources {
            switch source {
            case .context(let fact): values.append(Array(Self.text(of: fact, exchange).utf8))
            case .field(let field):
                switch field.find(in: exchange.request) {
                case .nothing: return .missing
                case .several: return .several
                case .decoded(let value): values.append(value)
                case .value(let range):
                    let bytes = exchange.request.bytes
                    let span = bytes.readableBytesUInt8Span.extracting(range.range)
                    if span.isEmpty { return .missing }
                    values.append(unsafe span.withUnsafeBytes { unsafe [UInt8]($0) })
                }
            }
        }
        return .values(values)
    }

    private static func text(of fact: ExternalAuthorization.ContextFact, _ exchange: Exchange) -> String {
        switch fact {
        case .routeKey: exchange.route?.routeKey ?? ""
        case .resourcePath: exchange.route?.resourcePath ?? ""
        case .httpMethod: String(buffer: exchange.request.bytes(of: exchange.request.method))
        case .path: AuthorizerEvent.path(of: exchange)
        case .stage: exchange.route?.stage ?? ""
        case .apiId: exchange.route?.api ?? ""
        case .sourceIP: exchange.clientAddress.description
        }
    }

    /// The bytes that a decision is kept by: each value behind its length, so that no two lists have the same.
    static func key(_ values: [[UInt8]]) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(values.reduce(0) { $0 + $1.count + 4 })
        for value in values {
            for shift in [24, 16, 8, 0] { key.append(UInt8(truncatingIfNeeded: value.count >> shift)) }
            key += value
        }
        return key
    }
}
