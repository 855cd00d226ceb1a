import CustomerStore
import Foundation
import HTTPTypes
import Model

/// Answers what operators ask about the live tables of customers' backends, and does what they want done.
///
/// | request | does |
/// |---|---|
/// | `GET /backend-tables` | tells of all tables |
/// | `GET /backend-tables/API?customer=ID` | tells the rows of one, those of a customer or all |
/// | `PUT /backend-tables/API/ID?route=KEY` with `{"backend": "NAME"}` | sets a customer's row, for one route or all |
/// | `DELETE /backend-tables/API/ID?route=KEY` | takes it away |
struct BackendTableResponder: Sendable {
    let tables: any BackendTableAdministration
    /// Knows the customers that do not stand in the file; `nil` when there are none.
    let customers: (any CustomerAdministration)?

    /// The answer to a request.
    /// - Parameters:
    ///   - path: what comes after `/backend-tables`, in its parts, decoded.
    ///   - query: what comes after `?`.
    func answer(_ method: HTTPRequest.Method, _ path: [String], query: String, body: [UInt8]) async -> AdminAnswer {
        do {
            switch (method, path.count) {
            case (.get, 0), (.head, 0):
                let reports = await tables.reports().map(Self.object)
                return AdminAnswer(.ok, json: ["tables": reports])
            case (.get, 1), (.head, 1): return try await rows(of: path[0], query)
            case (.put, 2): return try await set(path[0], path[1], query, body)
            case (.delete, 2):
                let route = try Self.parameters(query, ["route"])["route"].map(Self.key)
                _ = try await tables.unset(customer: path[1], route: route, of: path[0])
                return AdminAnswer(.noContent, type: nil, body: "")
            default: return AdminAnswer(.notFound, complaint: "there is no such request about tables of backends")
            }
        } catch let refusal as Refused {
            return AdminAnswer(.badRequest, complaint: refusal.reason)
        } catch let faults as Faults {
            return AdminAnswer(.badRequest, complaint: faults.all.map(\.description).joined(separator: "; "))
        } catch let fault as BackendTableFault {
            return Self.answer(fault)
        } catch {
            return AdminAnswer(.internalServerError, complaint: "tables of backends fail: \(error)")
        }
    }

    // MARK: Requests

    private func rows(of api: String, _ query: String) async throws -> AdminAnswer {
        let customer = try Self.parameters(query, ["customer"])["customer"]
        let rows = try await tables.rows(of: api)
        guard let report = await tables.reports().first(where: { $0.api == api }) else {
            return AdminAnswer(.notFound, complaint: "there is no table of \(api) here")
        }
        var object = Self.object(report)
        object["rows"] = rows.filter { customer == nil || $0.row.customer == customer }.map(Self.object)
        return AdminAnswer(.ok, json: object)
    }

    private func set(_ api: String, _ customer: String, _ query: String, _ body: [UInt8]) async throws -> AdminAnswer {
        let object = try CustomerResponder.object(body)
        guard object.keys.allSatisfy({ $0 == "backend" }), let backend = object["backend"] as? String else {
            throw Refused(reason: "expected {\"backend\": \"NAME\"}: one of \"backends\" in the configuration")
        }
        let route = try Self.parameters(query, ["route"])["route"].map(Self.key)
        let row = BackendRow(customer: customer, route: route, backend: backend)
        let revision = try await tables.set(row, of: api)
        var answer = Self.object(BackendTableRow(row))
        answer["api"] = api
        answer["revision"] = revision
        // Who is to come may have a row before the first call; a misspelt id should be noticed, though.
        answer["customer_known"] = await isKnown(customer)
        return AdminAnswer(.ok, json: answer)
    }

    private func isKnown(_ customer: String) async -> Bool {
        if await tables.isDeclared(customer: customer) { return true }
        return (try? await customers?.customer(customer)) != nil
    }

    /// A route's key as the tables have it, whatever blanks there were.
    private static func key(_ text: String) -> String { (try? RouteKey(text)).map { "\($0)" } ?? text }

    private static func parameters(_ query: String, _ known: [String]) throws -> [String: String] {
        var values: [String: String] = [:]
        for item in URLComponents(string: "?" + query)?.queryItems ?? [] {
            guard known.contains(item.name) else {
                throw Refused(reason: "there is no parameter \(item.name): \(known.joined(separator: ", "))")
            }
            guard values.updateValue(item.value ?? "", forKey: item.name) == nil else {
                throw Refused(reason: "\(item.name) stands there twice")
            }
        }
        return values
    }

    // MARK: Answers

    private static func answer(_ fault: BackendTableFault) -> AdminAnswer {
        switch fault {
        case .unknownRow: AdminAnswer(.notFound, complaint: "there is no such row")
        case .full(let most):
            AdminAnswer(.conflict, complaint: "a table has at most \(most) rows: take some away first")
        case .unavailable(let reason, let mayHaveChanged):
            AdminAnswer(
                .serviceUnavailable,
                complaint: "the table can't be changed now: \(reason); "
                    + (mayHaveChanged
                        ? "nobody knows whether the change was made: look when this is over" : "nothing was changed")
            )
        }
    }

    private static func object(_ report: BackendTableReport) -> [String: Any] {
        var object: [String: Any] = [
            "api": report.api, "rows_served": report.rows, "rows_ignored": report.ignored,
            "current": report.problem == nil,
        ]
        object["revision"] = report.revision
        object["confirmed_at"] = report.confirmedAt
        object["problem"] = report.problem
        return object
    }

    private static func object(_ row: BackendTableRow) -> [String: Any] {
        var object: [String: Any] = ["customer": row.row.customer, "backend": row.row.backend]
        object["route"] = row.row.route
        object["ignored"] = row.fault
        return object
    }
}
