import Model
import Testing

@testable import Routing

/// An API that answers each route key with nothing in particular.
func api(
    _ name: String = "api",
    hosts: [String] = [],
    path: String = "/",
    encodedSlashes: Bool = false,
    routes keys: [String] = ["$default"]
) throws -> HTTPAPI {
    HTTPAPI(
        name: name,
        hosts: try hosts.map { try HostPattern($0) },
        basePath: try BasePath(path),
        allowsEncodedSlash: encodedSlashes,
        routes: try keys.map { Route(key: try RouteKey($0), integration: .mock(MockIntegration())) }
    )
}

extension Router {
    /// Matches texts, bringing the path into canonical form first.
    func match(_ method: String, _ path: String, host: String = "") throws -> Answer {
        let raw = Array(path.utf8)
        let normalized = try PathPolicy.normalize(raw.span)
        let bytes = normalized.rewritten ?? raw
        let match = match(
            host: Array(host.utf8).span,
            method: Method(Array(method.utf8).span),
            path: bytes.span,
            hasEncodedSlash: normalized.hasEncodedSlash
        )
        let parameters = (0..<match.parameters.count).map { index in
            String(decoding: bytes[match.parameters[index]], as: UTF8.self)
        }
        return Answer(
            outcome: match.outcome,
            api: match.api,
            rest: String(decoding: bytes[match.basePathEnd...], as: UTF8.self),
            parameters: parameters
        )
    }
}

/// A match with its offsets turned into texts.
struct Answer: Equatable {
    var outcome: Match.Outcome
    var api: Int?
    var rest: String
    var parameters: [String]

    var route: Int? {
        guard case .route(let index) = outcome else { return nil }
        return index
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
