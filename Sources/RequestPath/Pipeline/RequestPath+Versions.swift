import Exchange
import NIOCore
import Routing

/// Phase 2 for APIs with versions. Where the path names none and customers have versions of their own, it is finished only when it is
/// known who calls.
extension Worker {
    /// Whether a version is still there. Notes what its answers say.
    func isServed(_ version: VersionPlan, _ match: Match, _ exchange: Exchange) -> Bool {
        exchange.responseFields = version.fields
        guard version.isOver, let refusal = version.sunset?.refusal else { return true }
        if case .route(let route) = match.outcome {
            exchange.route = snapshot.plans[snapshot.firstPlan[match.api ?? 0] + route].identity
        }
        exchange.refuse(refusal)
        return false
    }

    /// Goes on with the version that the caller gets. Its route decides for itself who may call, and finds out again unless its rule is
    /// the one by which the caller was identified.
    func chooseVersion(_ choice: VersionChoice, _ exchange: Exchange) {
        let customer = exchange.identification?.principal?.customer
        let path = exchange.path
        let bytes = path.buffer.readableBytesUInt8Span.extracting(path.range.range)
        hasEncodedSlash = Self.hasEncodedSlash(bytes)
        guard choice.revision == snapshot.revision else {
            // The step has waited over a reload, and nothing is where it was.
            if let plan = route(exchange) { follow(plan, exchange) }
            return
        }
        let head = exchange.request.bytes
        let method = Method(head.readableBytesUInt8Span.extracting(exchange.request.method.range))
        let api = choice.api(for: customer)
        let match = snapshot.router.match(
            api: api,
            depth: choice.depth,
            method: method,
            path: bytes,
            hasEncodedSlash: hasEncodedSlash
        )
        guard let version = snapshot.versions[api], isServed(version, match, exchange),
            let plan = plan(of: match, method, exchange)
        else { return }
        follow(plan, exchange)
    }

    /// What the path policy has said of a path, which is canonical since.
    private static func hasEncodedSlash(_ path: Span<UInt8>) -> Bool {
        guard path.count >= 3 else { return false }
        for index in 0..<(path.count - 2)
        where path[index] == UInt8(ascii: "%") && path[index + 1] == UInt8(ascii: "2")
            && path[index + 2] == UInt8(ascii: "F")
        {
            return true
        }
        return false
    }
}
