import Quotas

/// A plan as it is written.
struct PlanDeclaration {
    var throttle: [Located<ThrottleDeclaration>]
    var quotas: [Located<QuotaDeclaration>]
}

/// A quota as it is written.
struct QuotaDeclaration {
    var name: String?
    var amount: QuotaAmount
    var timeZone = "UTC"
    var isPerRoute = false
}

/// `10000/month`.
struct QuotaAmount {
    var calls: Int
    var period: QuotaPeriod

    /// Reads a number and a period; `nil` for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ (48...57).contains($0) }), let calls = Int(parts[0]),
            calls <= Self.mostCalls, let period = QuotaPeriod(rawValue: String(parts[1]))
        else { return nil }
        self.calls = calls
        self.period = period
    }

    /// A reserve counts in 48 bits.
    private static let mostCalls = 1_000_000_000_000
}

extension Shape<PlanDeclaration> {
    /// An element of `plans`.
    static var plan: Shape {
        .record(
            "a plan",
            .optional(
                "throttle",
                Shape<[Located<ThrottleDeclaration>]>.throttle,
                default: [],
                "How fast each customer's calls may come."
            ),
            .optional(
                "quota",
                Shape<[Located<QuotaDeclaration>]>.list(of: .quota, orOne: true, defaultText: []),
                default: [],
                "How many calls each customer may make in a day, week or month."
            )
        ) { throttle, quotas in PlanDeclaration(throttle: throttle, quotas: quotas) }
    }
}

extension Shape<QuotaDeclaration> {
    fileprivate static var quota: Shape {
        .either(
            scalar: Shape<QuotaAmount>.amount.map { QuotaDeclaration(amount: $0) },
            mapping: .record(
                "a mapping with calls",
                .optional("name", .name, "What clients, metrics and the count call it. Without it, its period."),
                .required("calls", .amount, "How many, and how often it starts anew."),
                .optional(
                    "zone",
                    Shape<String>.timeZone,
                    default: "UTC",
                    "The time zone of its midnight. Weeks begin on Monday."
                ),
                .optional(
                    "per",
                    Shape<Bool>.choice([("customer", false), ("route", true)]),
                    default: false,
                    "Whether all calls of a customer count together, or those of each route."
                )
            ) { name, amount, zone, isPerRoute in
                QuotaDeclaration(name: name, amount: amount, timeZone: zone, isPerRoute: isPerRoute)
            }
        )
    }
}

extension Shape<QuotaAmount> {
    fileprivate static var amount: Shape {
        let expected = "calls in a day, week or month, as 10000/month"
        return .scalar(expected, pattern: "^[0-9]+/(day|week|month)$") { (text) throws(Fault) in
            guard let amount = QuotaAmount(text) else { throw Fault("expected \(expected)", text: text) }
            return amount
        }
    }
}

extension Shape<String> {
    fileprivate static var timeZone: Shape {
        let expected = "a time zone, as UTC or Europe/Berlin"
        return .scalar(expected, written: { .string($0) }) { (text) throws(Fault) in
            do throws(UnknownTimeZone) {
                _ = try QuotaCalendar(timeZone: text)
                return text
            } catch {
                throw Fault("expected \(expected)", text: text)
            }
        }
    }
}
