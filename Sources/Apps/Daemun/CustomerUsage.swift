import Admin
import Authorization
import Exchange
import Foundation
import Model
import Quotas
import Throttling

/// What customers used of their quotas, for operators.
struct CustomerUsage: UsageAccounts {
    private let accounts: QuotaAccounts
    private let model: Model
    private let live: CustomerTable?

    /// - Parameter live: the customers that are managed while the gateway runs.
    init(_ accounts: QuotaAccounts, model: Model, live: CustomerTable?) {
        self.accounts = accounts
        self.model = model
        self.live = live
    }

    /// A quota of a customer, with what is counted of it.
    private struct Account {
        var quota: CallQuota
        var route: String?
        var key: QuotaKey
        var usage: QuotaUsage?
        var window: QuotaWindow
    }

    func usage(of customer: String, isSandbox: Bool, days: Int) async throws(UsageFault) -> UsageReport {
        let selection = UsageSelection(customer: customer, isSandbox: isSandbox)
        let plan = try plan(of: selection)
        await accounts.keeper.settleAll()
        var quotas: [UsageReport.Quota] = []
        for account in try await openAccounts(selection, plan) {
            quotas.append(try await report(account, days: days))
        }
        return UsageReport(customer: customer, plan: plan?.name, quotas: quotas)
    }

    func setUsage(of selection: UsageSelection, to calls: Int?) async throws(UsageFault) {
        let plan = try plan(of: selection)
        await accounts.keeper.settleAll()
        let selected = try await openAccounts(selection, plan)
        guard !selected.isEmpty else { throw .noQuota }
        for account in selected {
            do {
                if let calls {
                    try await accounts.records.set(account.key, window: account.window, used: calls)
                } else {
                    try await accounts.records.reset(account.key, window: account.window)
                }
            } catch {
                throw .unavailable("the count can't be written: \(error)")
            }
            accounts.keeper.refresh(account.key)
        }
    }

    // MARK: Pieces

    private func plan(of selection: UsageSelection) throws(UsageFault) -> UsagePlan? {
        let (id, isSandbox) = (selection.customer, selection.isSandbox)
        let name: String?
        if let declared = (isSandbox ? model.sandboxCustomers : model.customers).first(where: { $0.id == id }) {
            name = declared.plan
        } else if let live, live.contains(id, isSandbox: isSandbox) {
            name = live.plan(of: id, isSandbox: isSandbox)
        } else {
            throw .noCustomer
        }
        return model.plans.first { $0.name == name }
    }

    /// The quotas that are meant, in the order of the plan.
    private func openAccounts(_ selection: UsageSelection, _ plan: UsagePlan?) async throws(UsageFault) -> [Account] {
        let second = QuotaAccounts.now.second
        let customer = Principal.counted(selection.customer, isSandbox: selection.isSandbox)
        var found: [Account] = []
        for quota in plan?.quotas ?? [] where selection.quota == nil || selection.quota == quota.name {
            guard let calendar = try? QuotaCalendar(timeZone: quota.timeZone) else { continue }
            let window = calendar.window(quota.period, at: second)
            let counted: [QuotaAccount]
            do {
                counted = try await accounts.records.accounts(of: customer, quota: quota.name, in: window)
            } catch {
                throw .unavailable("the count can't be read: \(error)")
            }
            if quota.isPerRoute {
                for account in counted where account.key.subject != customer {
                    let route = String(account.key.subject.dropFirst(customer.count + 1))
                    guard selection.route == nil || selection.route == route else { continue }
                    found.append(
                        Account(quota: quota, route: route, key: account.key, usage: account.usage, window: window)
                    )
                }
            } else if selection.route == nil {
                let key = QuotaKey(quota: quota.name, subject: customer)
                let usage = counted.first { $0.key == key }?.usage
                found.append(Account(quota: quota, key: key, usage: usage, window: window))
            }
        }
        return found
    }

    private func report(_ account: Account, days: Int) async throws(UsageFault) -> UsageReport.Quota {
        let quota = account.quota
        let used = account.usage.map { $0.taken - $0.outstanding } ?? 0
        let second = QuotaAccounts.now.second
        let history: [QuotaDay]
        do {
            let range = (second - Int64(days) * 86_400)..<(second + 86_400)
            history = try await accounts.records.history(account.key, daysIn: range)
        } catch {
            throw .unavailable("the count can't be read: \(error)")
        }
        let zone = TimeZone(identifier: quota.timeZone) ?? .gmt
        let moment = Date.ISO8601FormatStyle(timeZoneSeparator: .colon, timeZone: zone)
        return UsageReport.Quota(
            name: quota.name,
            route: account.route,
            calls: quota.calls,
            period: quota.period.rawValue,
            zone: quota.timeZone,
            begins: Self.date(account.window.start).formatted(moment),
            ends: Self.date(account.window.end).formatted(moment),
            used: used,
            remaining: max(0, quota.calls - used),
            lost: account.usage?.lost ?? 0,
            days: history.map { day in
                let style = Date.ISO8601FormatStyle(timeZone: zone).year().month().day()
                return UsageReport.Day(day: Self.date(day.day.start).formatted(style), calls: day.calls)
            }
        )
    }

    private static func date(_ second: Int64) -> Date { Date(timeIntervalSince1970: Double(second)) }
}
