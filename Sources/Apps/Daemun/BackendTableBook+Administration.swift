import Admin
import Model
import Observation
import Redis

extension BackendTableBook: BackendTableAdministration {
    func reports() -> [BackendTableReport] {
        apis.map { api in
            var report = BackendTableReport(api: api)
            report.problem = problems[api]
            guard let table = known[api] else { return report }
            report.revision = table.head.revision
            report.rows = table.served.count
            report.ignored = table.faults.count
            report.confirmedAt = table.confirmedAt?.text
            return report
        }
    }

    func rows(of api: String) throws -> [BackendTableRow] {
        if let fault = model.fault(inTabled: api) { throw Faults([fault]) }
        guard let table = known[api] else { return [] }
        return table.rows.map { BackendTableRow($0, fault: table.faults[$0].map { "\($0)" }) }
    }

    func set(_ row: BackendRow, of api: String) async throws -> Int64 {
        if let fault = model.fault(inTabled: api) { throw Faults([fault]) }
        if let fault = BackendRowRules(api, in: model)?.fault(in: row, suggests: true) { throw Faults([fault]) }
        return try await change(customer: row.customer, route: row.route, to: row.backend, of: api)
    }

    func unset(customer: String, route: String?, of api: String) async throws -> Int64 {
        if let fault = model.fault(inTabled: api) { throw Faults([fault]) }
        return try await change(customer: customer, route: route, to: nil, of: api)
    }

    func isDeclared(customer: String) -> Bool { model.customers.contains { $0.id == customer } }

    private func change(customer: String, route: String?, to backend: String?, of api: String) async throws -> Int64 {
        let bytes = BackendTableLedger.field(customer: customer, route: route).utf8.count
        guard bytes <= BackendTableLedger.mostFieldBytes else {
            let rule = "customer and route together have at most \(BackendTableLedger.mostFieldBytes) bytes"
            throw Faults([Fault(rule)])
        }
        do {
            // Redis may have lost the table, which has to be there before it changes; or another gateway may have changed it.
            for _ in 0..<Self.mostChanges {
                guard let head = known[api]?.head, problems[api] == nil else {
                    await look(at: api)
                    guard known[api] != nil, problems[api] == nil else { break }
                    continue
                }
                let outcome = try await ledger.change(
                    customer: customer,
                    route: route,
                    to: backend,
                    of: api,
                    upon: head
                )
                switch outcome {
                case .made(let revision):
                    await look(at: api)
                    return revision
                case .outOfStep: await look(at: api)
                case .full: throw BackendTableFault.full(most: BackendTableLedger.mostRows)
                case .unknownRow: throw BackendTableFault.unknownRow
                }
            }
        } catch let error as RedisError {
            throw BackendTableFault.unavailable("Redis does not answer (\(error))", mayHaveChanged: error.mayHaveRun)
        }
        throw BackendTableFault.unavailable(problems[api] ?? "other gateways change it", mayHaveChanged: false)
    }

    private static let mostChanges = 5

    // MARK: Metrics

    var families: [MetricFamily] {
        func family(_ name: String, _ help: String, _ value: (Known?, String) -> Double?) -> MetricFamily {
            let samples = apis.compactMap { api in
                value(known[api], api).map { MetricSample([MetricLabel("api", api)], value: .number($0)) }
            }
            return MetricFamily(name: name, help: help, kind: .gauge, samples: samples)
        }
        return [
            family("daemun_backend_table_rows", "Rows of an API's table of backends that count.") { table, _ in
                Double(table?.served.count ?? 0)
            },
            family("daemun_backend_table_ignored_rows", "Rows that name what is not there, and do not count.") {
                table,
                _ in
                Double(table?.faults.count ?? 0)
            },
            family("daemun_backend_table_revision", "How often the table that is served was changed.") { table, _ in
                table.map { Double($0.head.revision) }
            },
            family("daemun_backend_table_current", "1 while Redis is known to have the table that is served.") {
                table,
                api in
                table != nil && problems[api] == nil ? 1 : 0
            },
            family(
                "daemun_backend_table_confirmed_timestamp_seconds",
                "When Redis last had the table that is served."
            ) { table, _ in table?.confirmedAt?.seconds },
        ]
    }

    /// Why calls may be answered 503: tables that were never read.
    var reasonsAgainstServing: [String] {
        apis.filter { known[$0] == nil }.map { "the table of backends of \($0) was never read" }
    }
}
