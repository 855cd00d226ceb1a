import Exchange
import Integrations
import NIOCore
import Observation
import Routing

/// The way of a request, top to bottom:
///
/// 1. **Path policy**: the path becomes canonical, or the call is refused. Then **admission**, where there are limits on it.
/// 2. **Route**: host → API → route, or 404 / 405.
/// 3. **Steps**: what the route's plan asks for, in order. The first that does not say `next` decides.
/// 4. **Integrate**: the backend, or the gateway itself, answers.
/// 5. **Observe**: access log and metrics, for every call, however it ended.
extension Worker: ExchangeHandler {
    /// Phases 1 to 4, as far as they go without waiting.
    func begin(_ exchange: Exchange) {
        guard normalizePath(of: exchange), isAdmitted(exchange), let plan = route(exchange) else { return }
        follow(plan, exchange)
    }

    /// Goes on with phase 3 where a step made the call wait.
    func resume(_ exchange: Exchange, with verdict: Verdict) {
        guard let plan = exchange.plan as? Plan, exchange.integration == nil, exchange.client != nil else { return }
        if obey(verdict, exchange) { runSteps(of: plan, exchange) }
        exchange.client?.flush()
    }

    /// Phase 5.
    func end(_ exchange: Exchange) {
        metrics.record(exchange)
        settleLimits(of: exchange)
        accessLog?.append(exchange)
        release(exchange)
        context.give(exchange)
    }

    func connectionOpened() { metrics.connectionOpened() }

    func connectionClosed() { metrics.connectionClosed() }

    func tunnelOpened(_ exchange: Exchange) {
        release(exchange)
        settleLimits(of: exchange)
        metrics.tunnelOpened()
    }

    func tunnelClosed() { metrics.tunnelClosed() }

    func handshakeEnded(_ result: HandshakeResult) { metrics.handshakeEnded(result) }

    func connectionRefused(_ reason: ConnectionRefusal) { metrics.connectionRefused(reason) }

    // MARK: 1. Path policy

    private func normalizePath(of exchange: Exchange) -> Bool {
        let bytes = exchange.request.bytes
        let range = exchange.request.path
        if range.count == 1, bytes.readableBytesUInt8Span[Int(range.start)] == UInt8(ascii: "*") {
            exchange.client?.send(Reply(status: 204, fields: [ReplyField("Allow", "\(MethodSet.any)")]))
            return false
        }
        do throws(PathFault) {
            let path = try PathPolicy.normalize(bytes.readableBytesUInt8Span.extracting(range.range))
            if let rewritten = path.rewritten {
                let whole = ByteRange(start: 0, count: rewritten.count)
                exchange.path = CanonicalPath(buffer: ByteBuffer(bytes: rewritten), range: whole)
            } else {
                exchange.usePathAsReceived()
            }
            hasEncodedSlash = path.hasEncodedSlash
            return true
        } catch {
            exchange.refuse(Refusal(status: 400, cause: Cause(error.rawValue)))
            return false
        }
    }

    /// The call is no longer one of those in flight.
    private func release(_ exchange: Exchange) {
        guard exchange.isCounted else { return }
        exchange.isCounted = false
        admission.release()
    }

    /// It is known whether the call counts.
    private func settleLimits(of exchange: Exchange) {
        guard let limits = exchange.limits else { return }
        exchange.limits = nil
        limits.settle(counts: exchange.countsAgainstQuotas)
    }

    private func isAdmitted(_ exchange: Exchange) -> Bool {
        guard admission.isActive, let refusal = admission.admit(exchange) else { return true }
        exchange.refuse(refusal)
        return false
    }

    // MARK: 2. Route

    func route(_ exchange: Exchange) -> Plan? {
        let bytes = exchange.request.bytes
        let method = Method(bytes.readableBytesUInt8Span.extracting(exchange.request.method.range))
        let path = exchange.path
        let match = snapshot.router.match(
            host: bytes.readableBytesUInt8Span.extracting(exchange.request.authority.range),
            method: method,
            path: path.buffer.readableBytesUInt8Span.extracting(path.range.range),
            hasEncodedSlash: hasEncodedSlash
        )
        if !snapshot.versions.isEmpty, let index = match.api, let version = snapshot.versions[index] {
            if let choice = version.choice, match.depth == choice.depth { return choice.plan }
            guard isServed(version, match, exchange) else { return nil }
        }
        return plan(of: match, method, exchange)
    }

    /// The plan of the route that was found; `nil` when there is none, and the call is answered.
    func plan(of match: Match, _ method: Method, _ exchange: Exchange) -> Plan? {
        switch match.outcome {
        case .route(let route):
            exchange.basePathEnd = match.basePathEnd
            exchange.parameters.count = match.parameters.count
            for index in 0..<match.parameters.count {
                let range = match.parameters[index]
                exchange.parameters.ranges[index] = ByteRange(start: range.lowerBound, count: range.count)
            }
            return snapshot.plans[snapshot.firstPlan[match.api ?? 0] + route]
        case .methodNotAllowed(let allow):
            let fields = [ReplyField("Allow", "\(allow)")]
            if method == .options {
                exchange.client?.send(Reply(status: 204, fields: fields))
            } else {
                exchange.refuse(Refusal(status: 405, cause: "route.method-not-allowed", fields: fields))
            }
        case .notFound:
            exchange.refuse(Refusal(status: 404, cause: match.api == nil ? "route.no-api" : "route.not-found"))
        case .refused(let fault):
            exchange.refuse(Refusal(status: 400, cause: Cause(fault.rawValue)))
        }
        return nil
    }

    // MARK: 3. Steps

    /// Lets a call go the way of a plan from its first step on.
    func follow(_ plan: Plan, _ exchange: Exchange) {
        exchange.plan = plan
        exchange.route = plan.identity
        exchange.nextStep = 0
        runSteps(of: plan, exchange)
    }

    private func runSteps(of plan: Plan, _ exchange: Exchange) {
        while exchange.nextStep < plan.steps.count {
            let step = plan.steps[exchange.nextStep]
            exchange.nextStep += 1
            guard obey(step.run(exchange), exchange) else { return }
        }
        integrate(plan, exchange)
    }

    /// - Returns: whether the call goes on.
    private func obey(_ verdict: Verdict, _ exchange: Exchange) -> Bool {
        switch verdict {
        case .next: return true
        case .wait: return false
        case .refuse(let refusal): exchange.refuse(refusal)
        case .reply(let reply): exchange.client?.send(reply)
        }
        return false
    }

    // MARK: 4. Integrate

    private func integrate(_ plan: Plan, _ exchange: Exchange) {
        switch plan.integration {
        case .mock(let mock): mock.answer(exchange)
        case .version(let choice): chooseVersion(choice, exchange)
        case .proxy(let proxy): forward(plan, proxy, exchange)
        }
    }
}
