import Quotas

/// A limit on the speed of calls as it is written.
struct ThrottleDeclaration {
    var name: String?
    var rate: CallRate
    var burst: Int?
    /// `nil` when nothing is said.
    var traits: [Located<ThrottleLimit.Trait>]?
    var shared: Located<Bool>?
    var onFailure: Located<ThrottleLimit.FailureRule>?
}

/// `100/s`, `6000/min`.
struct CallRate: Equatable {
    var requests: Int
    /// Seconds.
    var period: Int

    fileprivate static let units = [("s", 1), ("min", 60), ("h", 3_600), ("day", 86_400)]

    /// Reads a number and a unit; `nil` for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ (48...57).contains($0) }), let requests = Int(parts[0]),
            requests > 0, let unit = Self.units.first(where: { $0.0 == parts[1] })
        else { return nil }
        self.requests = requests
        period = unit.1
    }
}

extension ThrottleLimit {
    /// `100/s`, as it is written in the file.
    public var rate: String {
        let unit = CallRate.units.first { $0.1 == period }?.0
        return "\(requests)/\(unit ?? "\(period) s")"
    }
}

extension Shape<CallRate> {
    fileprivate static var rate: Shape {
        let expected = "a rate, as 100/s, 6000/min, 5000/h or 20000/day"
        return .scalar(expected, pattern: "^[1-9][0-9]*/(s|min|h|day)$") { (text) throws(Fault) in
            guard let rate = CallRate(text) else { throw Fault("expected \(expected)", text: text) }
            return rate
        }
    }
}

extension Shape<[Located<ThrottleDeclaration>]> {
    /// `throttle`.
    static var throttle: Shape { .list(of: .throttle, orOne: true, defaultText: []) }
}

extension Shape<[Located<ThrottleDeclaration>]?> {
    /// `throttle` of a route; `nil` for `none`.
    static var routeThrottle: Shape {
        let some = Shape<[Located<ThrottleDeclaration>]>.throttle.map { $0 as [Located<ThrottleDeclaration>]? }
        let expected = some.expected + ", or none"
        return Shape(expected, schema: ["anyOf": [["enum": ["none"]], some.schema]]) { node, faults in
            node.text == "none" ? .some(nil) : some.read(node, &faults)
        }
    }
}

extension Shape<ThrottleDeclaration> {
    fileprivate static var throttle: Shape {
        .either(
            scalar: Shape<CallRate>.rate.map { ThrottleDeclaration(rate: $0) },
            mapping: .record(
                "a mapping with rate",
                .optional(
                    "name",
                    .name,
                    "What clients and metrics call it. Without it, where it stands and what it counts by."
                ),
                .required("rate", .rate, "Calls in a period, evenly."),
                .optional(
                    "burst",
                    .integer(1...1_000_000_000),
                    "Calls at once. Without it, those of a whole period."
                ),
                .optional(
                    "per",
                    Shape<[Located<ThrottleLimit.Trait>]>.list(of: .trait, orOne: true),
                    "What it counts by. Without it, all together; in a plan, each customer."
                ),
                .optional(
                    "shared",
                    Shape<Bool>.flag.located,
                    "Whether all gateways that name the same Redis server count together. Without it, each counts by itself."
                ),
                .optional(
                    "on_failure",
                    Shape<ThrottleLimit.FailureRule>.choice(
                        ThrottleLimit.FailureRule.allCases.map { ($0.rawValue, $0) }
                    ).located,
                    "While Redis can't be asked, each gateway counts by itself (local, unless stated), calls pass uncounted, or get 503."
                )
            ) { name, rate, burst, traits, shared, onFailure in
                ThrottleDeclaration(
                    name: name,
                    rate: rate,
                    burst: burst,
                    traits: traits,
                    shared: shared,
                    onFailure: onFailure
                )
            }
        )
    }
}

extension Shape<ThrottleLimit.Trait> {
    fileprivate static var trait: Shape {
        let expected = "customer, route, api, address, subject, claims.NAME or labels.NAME"
        return .scalar(expected) { (text) throws(Fault) in
            guard let trait = ThrottleLimit.Trait(text) else {
                let words = ThrottleLimit.Trait.words.map(\.0)
                throw Fault("expected \(expected)", text: text, suggestion: Spelling.closest(to: text, among: words))
            }
            return trait
        }
    }
}
