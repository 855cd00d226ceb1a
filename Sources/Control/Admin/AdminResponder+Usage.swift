import Foundation
import HTTPTypes

/// `/usage`: `GET ?customer=acme`, with `&sandbox=true` for sandboxes, and with the admin token `PUT ?customer=acme&quota=month&used=100`, `DELETE ?customer=acme`.
extension AdminResponder {
    static let usagePath = "/usage"
    private static let mostDays = 400
    private static let usualDays = 31

    /// The answer to who may ask.
    func answerUsage(to request: HTTPRequest) async -> AdminAnswer {
        let query = Query(request.path ?? "")
        guard let accounts = await status.usage() else {
            return AdminAnswer(.notFound, Complaint(error: "no plan has a quota, so nothing is counted"))
        }
        guard let customer = query["customer"], !customer.isEmpty else {
            return AdminAnswer(.badRequest, Complaint(error: "say whose: /usage?customer=ID"))
        }
        guard let isSandbox = ["true": true, "false": false][query["sandbox"] ?? "false"] else {
            return AdminAnswer(.badRequest, Complaint(error: "sandbox is true or false"))
        }
        let selection = UsageSelection(
            customer: customer,
            isSandbox: isSandbox,
            quota: query["quota"],
            route: query["route"]
        )
        do throws(UsageFault) {
            switch request.method {
            case .put, .delete:
                // Without one, whatever runs on this machine could give customers calls.
                guard token != nil else {
                    let rule = "usage is changed with a token only: configure admin.token"
                    return AdminAnswer(.forbidden, Complaint(error: rule))
                }
                var calls: Int?
                if request.method == .put {
                    guard let used = query["used"].flatMap({ Int($0) }), used >= 0, selection.quota != nil else {
                        let form = "/usage?customer=ID&quota=NAME&used=CALLS"
                        return AdminAnswer(.badRequest, Complaint(error: "say which and how many: \(form)"))
                    }
                    calls = used
                }
                try await accounts.setUsage(of: selection, to: calls)
            default: break
            }
            let days = query["days"].map { Int($0) } ?? Self.usualDays
            guard let days, (1...Self.mostDays).contains(days) else {
                return AdminAnswer(.badRequest, Complaint(error: "days is 1…\(Self.mostDays)"))
            }
            return AdminAnswer(.ok, try await accounts.usage(of: customer, isSandbox: isSandbox, days: days))
        } catch {
            return Self.answer(to: error, selection)
        }
    }

    private static func answer(to fault: UsageFault, _ selection: UsageSelection) -> AdminAnswer {
        switch fault {
        case .noCustomer: AdminAnswer(.notFound, Complaint(error: "there is no customer \(selection.customer)"))
        case .noQuota:
            AdminAnswer(.notFound, Complaint(error: "\(selection.customer) has no such quota, or has not called there"))
        case .unavailable(let reason): AdminAnswer(.serviceUnavailable, Complaint(error: reason))
        }
    }

    /// The query of a request's target.
    private struct Query {
        private let items: [URLQueryItem]

        init(_ target: String) {
            var components = URLComponents()
            components.percentEncodedQuery = target.firstIndex(of: "?").map { String(target[$0...].dropFirst()) }
            items = components.queryItems ?? []
        }

        subscript(name: String) -> String? { items.first { $0.name == name }?.value }
    }
}
