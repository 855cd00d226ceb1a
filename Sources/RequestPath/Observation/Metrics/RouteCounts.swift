internal import Exchange

/// All that is counted by route or by API and stage, in the places of a layout.
struct RouteCounts: Sendable {
    /// 1xx … 5xx, and at 0 calls that ended without a status.
    static let classCount = 6

    let layout: MetricsLayout
    private var requests: ContiguousArray<Int>
    private var requestBytes: ContiguousArray<Int>
    private var responseBytes: ContiguousArray<Int>
    private var durations: HistogramTable
    private var backendDurations: HistogramTable
    private var overheads: HistogramTable

    init(layout: MetricsLayout) {
        self.layout = layout
        requests = ContiguousArray(repeating: 0, count: layout.rows.count * Self.classCount)
        requestBytes = ContiguousArray(repeating: 0, count: layout.groups.count)
        responseBytes = requestBytes
        durations = HistogramTable(.durations, rows: layout.groups.count)
        backendDurations = HistogramTable(.durations, rows: layout.groups.count)
        overheads = HistogramTable(.overheads, rows: layout.groups.count)
    }

    /// Counts a call.
    mutating func count(_ record: borrowing ExchangeRecord, of route: RouteIdentity?) {
        let place = layout.place(of: route)
        let statusClass = record.status / 100
        requests[place.row * Self.classCount + ((0..<Self.classCount).contains(statusClass) ? statusClass : 0)] += 1
        requestBytes[place.group] &+= record.requestBytes
        responseBytes[place.group] &+= record.responseBytes
        // How long its ends talk says nothing of the gateway, and would drown what others take.
        if record.isTunnel { return }
        let taken = CallDurations(record)
        durations.observe(taken.total, row: place.group)
        if record.sentToBackendAt != 0 { backendDurations.observe(taken.backend, row: place.group) }
        // Waiting for a backend that never answered is not the gateway's work.
        if record.backendAnsweredAt != 0 || record.attempts == 0 { overheads.observe(taken.overhead, row: place.group) }
    }

    /// The same counts in the places of another layout; what has no place there is left out.
    func moved(to layout: MetricsLayout) -> RouteCounts {
        if layout === self.layout { return self }
        var moved = RouteCounts(layout: layout)
        moved.add(self, rowOf: layout.row, groupOf: layout.group)
        return moved
    }

    /// Adds counts of the same layout.
    mutating func add(_ other: RouteCounts) {
        for index in requests.indices { requests[index] += other.requests[index] }
        for group in layout.groups.indices { addGroup(group, of: other, to: group) }
    }

    private mutating func add(
        _ other: RouteCounts,
        rowOf: (MetricsLayout.Row) -> Int?,
        groupOf: (MetricsLayout.Group) -> Int?
    ) {
        for (row, labels) in other.layout.rows.enumerated() {
            guard let target = rowOf(labels) else { continue }
            for offset in 0..<Self.classCount {
                requests[target * Self.classCount + offset] += other.requests[row * Self.classCount + offset]
            }
        }
        for (group, labels) in other.layout.groups.enumerated() {
            if let target = groupOf(labels) { addGroup(group, of: other, to: target) }
        }
    }

    private mutating func addGroup(_ group: Int, of other: RouteCounts, to target: Int) {
        requestBytes[target] &+= other.requestBytes[group]
        responseBytes[target] &+= other.responseBytes[group]
        durations.add(other.durations, row: group, to: target)
        backendDurations.add(other.backendDurations, row: group, to: target)
        overheads.add(other.overheads, row: group, to: target)
    }
}

extension RouteCounts {
    /// The counts as families. What was never counted is left out.
    var families: [MetricFamily] {
        [
            MetricFamily(
                name: "daemun_requests_total",
                help: "Calls that are over, by route and class of the status sent.",
                kind: .counter,
                samples: requestSamples
            ),
            histogram(
                "daemun_request_duration_seconds",
                "From the last byte of a request's head to the last byte of the response.",
                durations
            ),
            histogram(
                "daemun_backend_duration_seconds",
                "From a request's way to the backend to the last byte of its response, the last attempt's.",
                backendDurations
            ),
            histogram(
                "daemun_overhead_seconds",
                "What a call took beside its backend: the gateway's own time.",
                overheads
            ),
            bytes("daemun_request_body_bytes_total", "Body bytes received from clients.", requestBytes),
            bytes("daemun_response_body_bytes_total", "Body bytes sent to clients.", responseBytes),
        ]
    }

    private var requestSamples: [MetricSample] {
        let classes = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"]
        return layout.rows.enumerated().flatMap { row, labels in
            classes.enumerated().compactMap { offset, name in
                let count = requests[row * Self.classCount + offset]
                if count == 0 { return nil }
                let group = Self.labels(of: .init(api: labels.api, stage: labels.stage, version: labels.version))
                let own = [MetricLabel("route", labels.route), MetricLabel("status_class", name)]
                return MetricSample(group + own, value: .number(Double(count)))
            }
        }
    }

    private func histogram(_ name: String, _ help: String, _ table: HistogramTable) -> MetricFamily {
        let samples = layout.groups.enumerated().compactMap { row, group in
            table.value(row: row).map { MetricSample(Self.labels(of: group), value: .histogram($0)) }
        }
        return MetricFamily(name: name, help: help, kind: .histogram, samples: samples)
    }

    private func bytes(_ name: String, _ help: String, _ counts: ContiguousArray<Int>) -> MetricFamily {
        let samples = layout.groups.enumerated().compactMap { row, group in
            counts[row] == 0 ? nil : MetricSample(Self.labels(of: group), value: .number(Double(counts[row])))
        }
        return MetricFamily(name: name, help: help, kind: .counter, samples: samples)
    }

    private static func labels(of group: MetricsLayout.Group) -> [MetricLabel] {
        let labels = [MetricLabel("api", group.api), MetricLabel("stage", group.stage)]
        return group.version.map { labels + [MetricLabel("version", $0)] } ?? labels
    }
}
