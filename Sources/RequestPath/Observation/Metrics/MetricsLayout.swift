public import Exchange

/// Which counters the routes of a snapshot are counted in.
///
/// Made once for each snapshot, off the event loops, and shared by all workers. The first 1,000 routes in the order of
/// the snapshot have a series of their own and the first 100 APIs have histograms; what is over that is counted
/// under `other`.
public final class MetricsLayout: Sendable {
    /// The labels of one series of requests.
    struct Row: Hashable {
        var api: String
        var stage: String
        /// `nil` for an API without versions, whose series have no such label.
        var version: String?
        var route: String
    }

    /// The labels of one set of histograms.
    struct Group: Hashable {
        var api: String
        var stage: String
        var version: String?
    }

    static let rowLimit = 1_000
    static let groupLimit = 100

    /// Calls that no route was found for.
    static let unrouted = 0
    /// Calls of what has no place of its own, and late calls of routes that are gone.
    static let other = 1

    let rows: [Row]
    let groups: [Group]
    private let placeOfRow: [Row: Int]
    private let placeOfGroup: [Group: Int]

    /// By the route's index.
    private let routes: [RouteIdentity?]
    private let places: ContiguousArray<Place>

    /// Where a call is counted.
    struct Place {
        var row: Int
        var group: Int
    }

    /// Lays out the counters of all routes of a snapshot.
    public init(routes: [RouteIdentity]) {
        var builder = Builder()
        let slots = (routes.lazy.map(\.index).max() ?? -1) + 1
        var byIndex = [RouteIdentity?](repeating: nil, count: slots)
        var places = ContiguousArray(repeating: Place(row: Self.other, group: Self.other), count: slots)
        for route in routes.sorted(by: { $0.index < $1.index }) where route.index >= 0 {
            byIndex[route.index] = route
            places[route.index] = builder.place(for: route)
        }
        self.routes = byIndex
        self.places = places
        rows = builder.rows
        groups = builder.groups
        placeOfRow = builder.placeOfRow
        placeOfGroup = builder.placeOfGroup
    }

    /// Where calls of a route are counted. A call that began under an older snapshot brings an identity of that one.
    @inline(__always)
    func place(of route: RouteIdentity?) -> Place {
        guard let route else { return Place(row: Self.unrouted, group: Self.unrouted) }
        if route.index < routes.count, route.index >= 0, routes[route.index] === route { return places[route.index] }
        return Place(
            row: row(Row(route)) ?? Self.other,
            group: group(Group(route)) ?? Self.other
        )
    }

    /// The place of a series with these labels.
    func row(_ labels: Row) -> Int? { placeOfRow[labels] }

    /// The place of histograms with these labels.
    func group(_ labels: Group) -> Int? { placeOfGroup[labels] }
}

extension MetricsLayout {
    private struct Builder {
        var rows: [Row] = []
        var groups: [Group] = []
        var placeOfRow: [Row: Int] = [:]
        var placeOfGroup: [Group: Int] = [:]
        private var ownRows = 0

        init() {
            for label in ["-", BoundedCounts.other] {
                _ = add(Group(api: label, stage: label))
                _ = add(Row(api: label, stage: label, route: label))
            }
        }

        mutating func place(for route: RouteIdentity) -> Place {
            let group = Group(route)
            let groupPlace =
                placeOfGroup[group] ?? (groups.count < groupLimit + 2 ? add(group) : MetricsLayout.other)
            let row = Row(route)
            if let place = placeOfRow[row] { return Place(row: place, group: groupPlace) }
            if ownRows < rowLimit {
                ownRows += 1
                return Place(row: add(row), group: groupPlace)
            }
            let labels = groups[groupPlace]
            let shared = Row(
                api: labels.api,
                stage: labels.stage,
                version: labels.version,
                route: BoundedCounts.other
            )
            return Place(row: placeOfRow[shared] ?? add(shared), group: groupPlace)
        }

        private mutating func add(_ row: Row) -> Int {
            placeOfRow[row] = rows.count
            rows.append(row)
            return rows.count - 1
        }

        private mutating func add(_ group: Group) -> Int {
            placeOfGroup[group] = groups.count
            groups.append(group)
            return groups.count - 1
        }
    }
}

extension MetricsLayout.Row {
    fileprivate init(_ route: RouteIdentity) {
        self.init(api: route.api, stage: route.stage, version: route.version, route: route.routeKey)
    }
}

extension MetricsLayout.Group {
    fileprivate init(_ route: RouteIdentity) {
        self.init(api: route.api, stage: route.stage, version: route.version)
    }
}
