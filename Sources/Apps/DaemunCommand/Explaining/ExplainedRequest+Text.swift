extension ExplainedRequest {
    /// For people: the way from top to bottom, then what it is not.
    func text(_ style: TextStyle) -> String {
        let query = request.query.map { "?" + $0 } ?? ""
        var text = style.bold("\(request.method) \(request.host)\(request.path)\(query)") + "\n\n"
        text += TextTable(rows: wayRows).text
        let others =
            apis.filter { !$0.isTaken }.map { "  API \($0.name) \($0.verdict)\n" }
            + routes.filter { !$0.isTaken }.map { "  route \($0.name) \($0.verdict)\n" }
        if !others.isEmpty { text += "\n" + style.dim("Why not the others:") + "\n" + others.joined() }
        return text
    }

    private var wayRows: [[String]] {
        var rows: [[String]] = []
        let place = { (source: String?) in source.map { " (\($0))" } ?? "" }
        if let api {
            let version = api.version.map { ", version \($0)" } ?? ""
            rows.append(["api", "\(api.name)\(version), stage \(api.stage)\(place(api.source))"])
            if api.isPinned == true { rows.append(["", "which \(customer ?? "") has on paths without a version"]) }
        }
        if let route {
            rows.append(["route", route.key + place(route.source)])
            rows += route.parameters.map { ["", "\($0.name) = \($0.value)"] }
            rows.append(["steps", steps.isEmpty ? "none" : steps.joined(separator: ", ")])
            for (index, limit) in limits.enumerated() {
                rows.append([index == 0 ? "limits" : "", "\(limit.name): \(limit.amount), \(limit.place)"])
            }
            for token in tokens ?? [] {
                let verdict = token.isTaken ? "taken by" : "refused by"
                let cause = token.cause.map { " (\($0))" } ?? ""
                rows.append(["token", "\(verdict) \(token.authorizer): \(token.reason)\(cause)"])
            }
        }
        if let answer {
            let parts = [
                "\(answer.status) from the gateway", answer.cause.map { "cause \($0)" },
                answer.allow.map { "Allow: \($0)" },
            ]
            rows.append(["answer", parts.compactMap { $0 }.joined(separator: ", ")])
        }
        if let status = integration?.status {
            rows.append(["answer", "\(status) from the gateway, as the route says"])
        }
        if let backend = integration?.backend {
            let replaced = integration?.insteadOf.map { " instead of \($0), for customer \(customer ?? "")" } ?? ""
            rows.append(["backend", "\(backend)\(replaced), \(integration?.balance ?? "")"])
            for target in integration?.targets ?? [] {
                let weight = target.weight == 1 ? "" : " (weight \(target.weight))"
                rows.append(["", "→ \(target.method) \(target.url)\(weight)"])
            }
            if integration?.isTabled == true, let api {
                let option = customer.map { " --customer \($0)" } ?? ""
                let command = "daemun routes table --api \(api.name)\(option)"
                rows.append(["table", "a row of the live table comes first, which is not asked here: \(command)"])
            }
        }
        if let notice { rows.append(["store", notice]) }
        return rows
    }
}
