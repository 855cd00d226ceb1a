/// A canonical path cut at its slashes, each segment hashed once for all tables.
///
/// A trailing slash adds no segment. Only as many segments are kept as a route may have; a longer path `continues`.
struct PathSegments: ~Copyable {
    /// A base path and a template together have this many segments at most; also the bits of a parameter mask.
    static let limit = 64

    private(set) var count = 0
    /// Whether the path has more segments than are kept.
    private(set) var continues = false
    private var segments = InlineArray<64, Segment>(repeating: Segment())

    private struct Segment {
        var end: UInt32 = 0
        var hash = LabelHash()
    }

    init(_ path: Span<UInt8>) {
        var hash = LabelHash()
        var start = 1
        var index = 1
        while index < path.count {
            let byte = path[index]
            if byte == .slash {
                guard append(Segment(end: UInt32(truncatingIfNeeded: index), hash: hash)) else { return }
                hash = LabelHash()
                start = index + 1
            } else {
                hash.combine(byte)
            }
            index += 1
        }
        if start < path.count { _ = append(Segment(end: UInt32(truncatingIfNeeded: index), hash: hash)) }
    }

    /// Where a segment stands in the path, without slashes.
    func range(_ index: Int) -> Range<Int> { end(ofFirst: index) + 1..<end(ofFirst: index + 1) }

    /// Where the first so many segments end: 0 for none, else the offset behind the last one.
    func end(ofFirst count: Int) -> Int { count == 0 ? 0 : Int(segments[count - 1].end) }

    /// The child of a node that a segment of `path` leads to.
    func child(of node: UInt32, in table: borrowing ChildTable, segment index: Int, of path: Span<UInt8>) -> UInt32? {
        table.child(of: node, label: range(index), of: path, hash: segments[index].hash)
    }

    private mutating func append(_ segment: Segment) -> Bool {
        guard count < Self.limit else {
            continues = true
            return false
        }
        segments[count] = segment
        count += 1
        return true
    }
}
