import Model

/// Finds the API by base path among those of one host group: the longest that covers whole segments.
///
/// What routes an API has plays no part in the choice (AWS: API mappings).
struct MountTable: Sendable {
    /// Each host group is the root of that number.
    private var labels: ChildTable
    /// By node: the index of the API that is mounted there plus one, or 0.
    private var apis: ContiguousArray<UInt32>

    init(groups: Int) {
        labels = ChildTable(roots: groups)
        apis = ContiguousArray(repeating: 0, count: groups)
    }

    /// Mounts an API.
    /// - Returns: the index of the API that has the place already, if there is one.
    mutating func mount(api: Int, group: Int, basePath: [[UInt8]]) -> Int? {
        var node = UInt32(truncatingIfNeeded: group)
        for segment in basePath { node = labels.makeChild(of: node, label: segment.span) }
        while apis.count < labels.nodeCount { apis.append(0) }
        let occupant = apis[Int(node)]
        guard occupant == 0 else { return Int(occupant) - 1 }
        apis[Int(node)] = UInt32(truncatingIfNeeded: api + 1)
        return nil
    }

    /// The API for a path, and how many of its segments the base path covers.
    func api(group: Int, segments: Span<PathSegment>, of path: Span<UInt8>) -> (index: Int, depth: Int)? {
        var node = UInt32(truncatingIfNeeded: group)
        var found: (index: Int, depth: Int)?
        var depth = 0
        while true {
            let api = apis[Int(node)]
            if api != 0 { found = (Int(api) - 1, depth) }
            guard depth < segments.count else { return found }
            let label = segments.range(depth)
            guard let child = labels.child(of: node, label: label, of: path, hash: segments[depth].hash)
            else { return found }
            node = child
            depth += 1
        }
    }
}
